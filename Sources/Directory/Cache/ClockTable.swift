/// A dictionary of bounded size that forgets what was not asked for of late: the CLOCK form of
/// "least recently used". A hand goes round the slots, spares what was read since it last passed,
/// and takes the first that wasn't.
struct ClockTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Slot: Sendable {
        var key: Key
        var value: Value
        var wasRead: Bool
    }

    let capacity: Int
    private var slots: [Slot] = []
    private var places: [Key: Int] = [:]
    private var hand = 0

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { slots.count }

    mutating func value(_ key: Key) -> Value? {
        guard let place = places[key] else { return nil }
        slots[place].wasRead = true
        return slots[place].value
    }

    mutating func set(_ key: Key, _ value: Value) {
        guard capacity > 0 else { return }
        if let place = places[key] {
            slots[place].value = value
            return
        }
        let slot = Slot(key: key, value: value, wasRead: false)
        guard slots.count >= capacity else {
            places[key] = slots.count
            return slots.append(slot)
        }
        while slots[hand].wasRead {
            slots[hand].wasRead = false
            hand = (hand + 1) % slots.count
        }
        places[slots[hand].key] = nil
        slots[hand] = slot
        places[key] = hand
        hand = (hand + 1) % slots.count
    }

    mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        let last = slots.count - 1
        if place != last {
            slots[place] = slots[last]
            places[slots[place].key] = place
        }
        slots.removeLast()
        if hand >= slots.count { hand = 0 }
    }
}
