internal import Primitives

/// Slots by the time they are due, the earliest first: O(log n) a step.
struct DueHeap {
    private var items: [(due: WallClockTime, slot: Int32, life: UInt32)] = []

    var first: (due: WallClockTime, slot: Int32, life: UInt32)? { items.first }

    mutating func insert(_ slot: Int32, life: UInt32, due: WallClockTime) {
        items.append((due, slot, life))
        var index = items.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard items[index].due < items[parent].due else { break }
            items.swapAt(index, parent)
            index = parent
        }
    }

    mutating func removeFirst() {
        guard let last = items.popLast(), !items.isEmpty else { return }
        items[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < items.count {
                if items[child].due < items[least].due { least = child }
            }
            guard least != index else { return }
            items.swapAt(index, least)
            index = least
        }
    }
}
