package import Playout
package import Primitives

/// Where callers stopped, kept for some minutes so that the next hold goes on from there.
///
/// Bounded: when full, the position that would be forgotten next makes room.
package struct ResumePositions: Sendable {
    private struct Entry {
        var position: MediaTime
        var forget: Instant
    }

    private var entries: [Key: Entry] = [:]
    /// Keys in the order in which they were noted; a key noted again stands twice, the last counts.
    private var noted: [(key: Key, forget: Instant)] = []
    private var head = 0
    private let capacity: Int

    /// Who heard what: the caller's key and the class.
    package struct Key: Hashable, Sendable {
        package var caller: String
        package var className: String

        package init(caller: String, className: String) {
            self.caller = caller
            self.className = className
        }
    }

    package init(capacity: Int = 100_000) {
        self.capacity = max(1, capacity)
    }

    package var count: Int { entries.count }

    package mutating func note(
        _ position: MediaTime, for key: Key, keepFor interval: Interval, now: Instant
    ) {
        forgetExpired(now)
        while entries.count >= capacity && entries[key] == nil { dropOldest() }
        let forget = now + interval
        entries[key] = Entry(position: position, forget: forget)
        noted.append((key, forget))
    }

    /// The position to go on from, taken out; nil when none is known or it is too old.
    package mutating func take(_ key: Key, now: Instant) -> MediaTime? {
        forgetExpired(now)
        guard let entry = entries.removeValue(forKey: key), entry.forget > now else { return nil }
        return entry.position
    }

    private mutating func forgetExpired(_ now: Instant) {
        while head < noted.count && noted[head].forget <= now { dropOldest() }
    }

    private mutating func dropOldest() {
        guard head < noted.count else { return }
        let (key, forget) = noted[head]
        if entries[key]?.forget == forget { entries[key] = nil }
        head += 1
        if head > 1024 && head > noted.count / 2 {
            noted.removeFirst(head)
            head = 0
        }
    }
}
