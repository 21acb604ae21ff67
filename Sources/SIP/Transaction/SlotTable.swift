/// Elements by a number that says where they are and is never given out twice.
///
/// The low half of the number is a place, the high half how often the place was taken before.
struct SlotTable<Element> {
    private var elements: [Element?] = []
    private var generations: [UInt32] = []
    private var free: [Int] = []
    private(set) var count = 0

    mutating func insert(_ element: Element) -> UInt64 {
        count += 1
        let place: Int
        if let reused = free.popLast() {
            place = reused
            elements[place] = element
        } else {
            place = elements.count
            elements.append(element)
            generations.append(0)
        }
        return number(at: place)
    }

    /// - Returns: nil when the number's element is gone.
    func place(of number: UInt64) -> Int? {
        let place = Int(number & 0xffff_ffff)
        guard place < elements.count, elements[place] != nil,
            generations[place] == UInt32(truncatingIfNeeded: number >> 32)
        else { return nil }
        return place
    }

    func number(at place: Int) -> UInt64 { UInt64(generations[place]) << 32 | UInt64(place) }

    /// The place must be taken: one that `place(of:)` or an index of the same owner gave.
    subscript(place: Int) -> Element? {
        @inline(__always) _read { yield elements[place] }
        @inline(__always) _modify { yield &elements[place] }
    }

    mutating func remove(at place: Int) -> Element? {
        guard let element = elements[place] else { return nil }
        elements[place] = nil
        count -= 1
        // A place whose count of uses is at its end is not used again.
        if generations[place] < UInt32.max {
            generations[place] += 1
            free.append(place)
        }
        return element
    }
}
