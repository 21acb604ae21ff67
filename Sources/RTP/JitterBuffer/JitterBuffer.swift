package import Primitives

/// Puts the packets of one source back into order and hands each out when it is due.
///
/// Order is by sequence number, time is by timestamp. A packet is due a fixed delay after the
/// moment that its timestamp gives it; what is missing then is lost. A timestamp that arrival
/// contradicts by more than ``maximumSkew`` (a jump, or clocks that drifted apart) is believed no
/// longer: time starts anew from the arrival. So it does with a packet that comes after its moment;
/// when all come early for some seconds, the jitter has ended and the moments move back.
package struct JitterBuffer: Sendable {
    package enum Arrival: Hashable, Sendable {
        case accepted
        case duplicate
        /// Its turn is over.
        case late
        /// Another source, or a jump that two packets confirmed: what waited was dropped.
        case restarted
        /// A jump that nothing confirms yet: dropped.
        case outOfRange
    }

    package enum Output: Equatable, Sendable {
        case packet(BufferedPacket)
        /// So many packets in a row are missing before the next.
        case lost(Int)
    }

    package struct Counts: Equatable, Sendable {
        package var accepted = 0
        package var duplicates = 0
        package var late = 0
        package var lost = 0
        package var reordered = 0
        package var restarts = 0

        package init() {}

        package mutating func add(_ other: Counts) {
            accepted += other.accepted
            duplicates += other.duplicates
            late += other.late
            lost += other.lost
            reordered += other.reordered
            restarts += other.restarts
        }
    }

    package let clockRate: Int
    package let delay: Interval
    /// Whether what is in sequence is handed out at once, as is right for what is recorded and not
    /// played: only gaps are waited for, and the start.
    package let isHasty: Bool
    package private(set) var counts = Counts()

    /// Arrival and timestamp differ by less than this, or time starts anew.
    package static let maximumSkew = Interval.seconds(1)
    private static let maximumJump = 3000
    /// How long the latest of the packets is remembered.
    private static let memory = Interval.seconds(2)

    private let capacity: Int
    /// Sorted by extended sequence number.
    private var waiting: [(number: Int64, due: Instant, packet: BufferedPacket)] = []
    private var ssrc: UInt32?
    /// Extended number of the next packet to hand out.
    private var next: Int64 = 0
    /// The highest extended number that came.
    private var highest: Int64 = 0
    private var hasHandedOut = false
    private var expectedAfterJump: SequenceNumber?
    /// A moment and the extended timestamp that belongs to it.
    private var anchor = (arrival: Instant(nanoseconds: 0), timestamp: UInt32(0))
    /// By how much the latest packet since a moment came before it was due.
    private var earliness: (since: Instant, least: Interval)?

    /// - Parameter capacity: packets that may wait; the oldest is handed out early beyond it.
    package init(
        clockRate: Int, delay: Interval = .milliseconds(60), capacity: Int = 256,
        isHasty: Bool = false
    ) {
        self.isHasty = isHasty
        self.clockRate = max(1, clockRate)
        self.delay = delay
        self.capacity = max(1, capacity)
    }

    /// When `output(at:)` next has something; nil while nothing waits.
    package var deadline: Instant? {
        guard let first = waiting.first else { return nil }
        return isReady(first.number) ? Instant(nanoseconds: .min) : first.due
    }

    package mutating func insert(_ packet: BufferedPacket, at now: Instant) -> Arrival {
        let number = packet.header.sequenceNumber
        guard ssrc == packet.header.ssrc else {
            let isFirst = ssrc == nil
            restart(with: packet, at: now)
            return isFirst ? .accepted : .restarted
        }
        let distance = SequenceNumber(UInt16(truncatingIfNeeded: highest)).distance(to: number)
        if abs(distance) > JitterBuffer.maximumJump {
            guard number == expectedAfterJump else {
                expectedAfterJump = number.advanced(by: 1)
                return .outOfRange
            }
            restart(with: packet, at: now)
            return .restarted
        }
        expectedAfterJump = nil
        let extended = highest &+ Int64(distance)
        // Before the first is handed out an earlier one may still become the first.
        if extended < next && hasHandedOut {
            counts.late += 1
            return .late
        }
        if waiting.contains(where: { $0.number == extended }) {
            counts.duplicates += 1
            return .duplicate
        }
        if !hasHandedOut { next = min(next, extended) }
        var due = moment(of: packet.header.timestamp) + delay
        if distance > 0 {
            highest = extended
            let early = due - now
            if early < .zero || early > delay + JitterBuffer.maximumSkew {
                anchor = (now, packet.header.timestamp)
                earliness = nil
                due = now + delay
            } else {
                settle(early, at: now)
            }
        } else {
            // A timestamp out of the order of its number must not hold up those behind it.
            due = min(due, now + delay)
            counts.reordered += 1
        }
        let at = waiting.lastIndex { $0.number < extended }.map { $0 + 1 } ?? 0
        waiting.insert((extended, due, packet), at: at)
        counts.accepted += 1
        return .accepted
    }

    /// What is due at `now`; nil when nothing is.
    package mutating func output(at now: Instant) -> Output? {
        guard let first = waiting.first, first.due <= now || isReady(first.number) else {
            return nil
        }
        if first.number > next {
            let missing = Int(first.number - next)
            next = first.number
            hasHandedOut = true
            counts.lost += missing
            return .lost(missing)
        }
        waiting.removeFirst()
        next = first.number + 1
        hasHandedOut = true
        return .packet(first.packet)
    }

    /// Whether the first that waits need not wait any longer, whenever it is due.
    private func isReady(_ number: Int64) -> Bool {
        waiting.count > capacity || isHasty && hasHandedOut && number == next
    }

    private func moment(of timestamp: UInt32) -> Instant {
        let ticks = Int64(Int32(bitPattern: timestamp &- anchor.timestamp))
        return anchor.arrival
            + Interval(nanoseconds: ticks &* 1_000_000_000 / Int64(clockRate))
    }

    /// Takes back what an anchor that came late added to the delay, once nothing comes late any more.
    private mutating func settle(_ early: Interval, at now: Instant) {
        let least = min(early, earliness?.least ?? early)
        let since = earliness?.since ?? now
        guard now - since >= JitterBuffer.memory else {
            earliness = (since, least)
            return
        }
        if least > delay { anchor.arrival = anchor.arrival - (least - delay) }
        earliness = nil
    }

    private mutating func restart(with packet: BufferedPacket, at now: Instant) {
        if ssrc != nil { counts.restarts += 1 }
        ssrc = packet.header.ssrc
        // Far from zero, so that earlier numbers stay positive.
        next = Int64(packet.header.sequenceNumber.value) + 1 << 32
        highest = next
        hasHandedOut = false
        expectedAfterJump = nil
        anchor = (now, packet.header.timestamp)
        earliness = nil
        waiting = [(next, now + delay, packet)]
        counts.accepted += 1
    }
}
