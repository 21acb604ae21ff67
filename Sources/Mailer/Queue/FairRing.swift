/// Slots that wait, taken from each owner in turn: who has many waits no shorter for it.
///
/// Links in place of arrays per owner: O(1) a step and eight octets a slot.
struct FairRing {
    private struct Owner {
        var first: Int32 = -1
        var last: Int32 = -1
        var isInRing = false
    }

    private var next: [Int32] = []
    private var owners: [Owner] = []
    private var ring: [Int32] = []
    private var head = 0

    var isEmpty: Bool { head == ring.count }

    mutating func append(_ slot: Int32, of owner: Int32) {
        while next.count <= Int(slot) { next.append(-1) }
        while owners.count <= Int(owner) { owners.append(Owner()) }
        next[Int(slot)] = -1
        let last = owners[Int(owner)].last
        if last >= 0 { next[Int(last)] = slot } else { owners[Int(owner)].first = slot }
        owners[Int(owner)].last = slot
        if !owners[Int(owner)].isInRing {
            owners[Int(owner)].isInRing = true
            ring.append(owner)
        }
    }

    /// The next slot of the next owner.
    mutating func take() -> Int32? {
        guard head < ring.count else { return nil }
        let owner = Int(ring[head])
        head += 1
        // Each owner passes here once a round; the passed part goes when it is the larger.
        if head > 64 && head * 2 > ring.count {
            ring.removeFirst(head)
            head = 0
        }
        let slot = owners[owner].first
        owners[owner].first = next[Int(slot)]
        if owners[owner].first < 0 {
            owners[owner].last = -1
            owners[owner].isInRing = false
        } else {
            ring.append(Int32(owner))
        }
        return slot
    }
}
