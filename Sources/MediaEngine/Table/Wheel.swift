/// The slots of one packet time, one per millisecond; each is sent once per turn.
final class Wheel {
    let packetTime: Int64
    var slots: [[StreamBlock]]
    private(set) var counts: [Int]
    /// A bit for every slot that has streams.
    private(set) var occupied: UInt64 = 0

    /// Slots are filled up to this before another is begun, so that few streams cost few
    /// wake-ups; beyond, they are filled evenly. So many packets leave within some 0.2 ms.
    private static let fill = StreamBlock.capacity

    init(packetTime: Int) {
        self.packetTime = Int64(packetTime)
        slots = Array(repeating: [], count: packetTime)
        counts = Array(repeating: 0, count: packetTime)
    }

    func adjust(_ slot: Int, by change: Int) {
        counts[slot] += change
        if counts[slot] > 0 {
            occupied |= 1 << UInt64(slot)
        } else {
            occupied &= ~(1 << UInt64(slot))
        }
    }

    /// Where a new stream does the least harm.
    func bestSlot() -> Int {
        var emptiest = 0
        var filling = -1
        for slot in counts.indices {
            let count = counts[slot]
            if count < counts[emptiest] { emptiest = slot }
            if count > 0, count < Wheel.fill, filling < 0 || count > counts[filling] {
                filling = slot
            }
        }
        return filling >= 0 ? filling : emptiest
    }

    /// The first tick from `tick` on at which the slot is sent.
    func turn(of slot: Int, from tick: Int64) -> Int64 {
        let wait = (Int64(slot) - tick % packetTime + packetTime) % packetTime
        return tick + wait
    }

    /// The first tick from `tick` on at which any slot is sent.
    func nextTurn(from tick: Int64) -> Int64? {
        guard occupied != 0 else { return nil }
        let now = UInt64(tick % packetTime)
        let ahead = occupied >> now
        if ahead != 0 { return tick + Int64(ahead.trailingZeroBitCount) }
        return tick + packetTime - Int64(now) + Int64(occupied.trailingZeroBitCount)
    }
}
