package import Primitives

/// The earliest of many deadlines, one per number; O(log n) to set, move or remove.
///
/// An indexed heap: a deadline that moves is moved in place, so nothing stale piles up, however
/// often a transaction changes state before its time comes.
package struct DeadlineHeap: Sendable {
    private struct Entry {
        var deadline: Instant
        var key: Int
    }
    private var entries: [Entry] = []
    /// Where a key's entry is; -1: it has none.
    private var places: [Int] = []

    package init() {}

    package var count: Int { entries.count }
    package var first: (key: Int, deadline: Instant)? {
        entries.first.map { ($0.key, $0.deadline) }
    }

    /// - Parameter key: a small number, from 0; memory is kept for all below the largest.
    package mutating func set(_ deadline: Instant?, for key: Int) {
        while places.count <= key { places.append(-1) }
        let place = places[key]
        guard let deadline else {
            if place >= 0 { remove(at: place) }
            return
        }
        if place < 0 {
            entries.append(Entry(deadline: deadline, key: key))
            rise(from: entries.count - 1)
        } else {
            let old = entries[place].deadline
            guard old != deadline else { return }
            entries[place].deadline = deadline
            if deadline < old { rise(from: place) } else { sink(from: place) }
        }
    }

    private mutating func remove(at place: Int) {
        places[entries[place].key] = -1
        let last = entries.removeLast()
        guard place < entries.count else { return }
        let old = entries[place].deadline
        entries[place] = last
        places[last.key] = place
        if last.deadline < old { rise(from: place) } else { sink(from: place) }
    }

    private mutating func rise(from start: Int) {
        let entry = entries[start]
        var place = start
        while place > 0 {
            let parent = (place - 1) / 4
            guard entry.deadline < entries[parent].deadline else { break }
            put(entries[parent], at: place)
            place = parent
        }
        put(entry, at: place)
    }

    private mutating func sink(from start: Int) {
        let entry = entries[start]
        var place = start
        while true {
            // Four children a node: half the levels of a binary heap, on one or two cache lines.
            let firstChild = place * 4 + 1
            guard firstChild < entries.count else { break }
            var least = firstChild
            for child in (firstChild + 1)..<max(min(firstChild + 4, entries.count), firstChild + 1)
            where entries[child].deadline < entries[least].deadline {
                least = child
            }
            guard entries[least].deadline < entry.deadline else { break }
            put(entries[least], at: place)
            place = least
        }
        put(entry, at: place)
    }

    private mutating func put(_ entry: Entry, at place: Int) {
        entries[place] = entry
        places[entry.key] = place
    }
}
