package import Primitives

/// What a receiver knows of one source: order, loss and jitter (RFC 3550 §A.1, §A.3, §A.8).
package struct ReceptionStatistics: Sendable {
    package enum Verdict: Hashable, Sendable {
        case valid
        /// The source is new, or jumped, and has not yet sent enough in sequence.
        case probation
        /// A jump too far to be true, unless the next packet follows it.
        case outOfRange
    }

    /// Packets in sequence before a source is believed.
    package static let minimumSequential = 2
    private static let maximumDropout = 3000
    private static let maximumMisorder = 100
    private static let modulus: UInt32 = 1 << 16

    private let clockRate: Int
    private var probation: Int
    private var highest: SequenceNumber
    private var cycles: UInt32 = 0
    private var base: UInt32
    /// The number that would confirm a jump; more than 16 bits when there is none.
    private var expectedAfterJump: UInt32 = modulus + 1
    private var received: UInt32 = 0
    private var expectedBefore: UInt32 = 0
    private var receivedBefore: UInt32 = 0
    private var transit: UInt32?
    /// Sixteen times the jitter, as §A.8 keeps it.
    private var scaledJitter: UInt32 = 0

    /// - Parameter first: the sequence number of the packet that is then given to `receive`.
    package init(first: SequenceNumber, clockRate: Int) {
        self.clockRate = clockRate
        highest = first.advanced(by: -1)
        base = UInt32(first.value)
        probation = ReceptionStatistics.minimumSequential
    }

    package mutating func receive(
        _ number: SequenceNumber, timestamp: UInt32, at now: Instant
    ) -> Verdict {
        let verdict = place(number)
        if verdict == .valid { measureJitter(timestamp, now) }
        return verdict
    }

    private mutating func place(_ number: SequenceNumber) -> Verdict {
        let delta = Int(number.value &- highest.value)
        if probation > 0 {
            if delta == 1 {
                probation -= 1
                highest = number
                if probation == 0 {
                    restart(at: number)
                    received = 1
                    return .valid
                }
            } else {
                probation = ReceptionStatistics.minimumSequential - 1
                highest = number
            }
            return .probation
        }
        if delta < ReceptionStatistics.maximumDropout {
            if number.value < highest.value { cycles &+= ReceptionStatistics.modulus }
            highest = number
        } else if delta <= Int(ReceptionStatistics.modulus) - ReceptionStatistics.maximumMisorder {
            guard UInt32(number.value) == expectedAfterJump else {
                expectedAfterJump = UInt32(number.value &+ 1)
                return .outOfRange
            }
            // Two in sequence after a jump: the other side started anew without telling.
            restart(at: number)
        }
        received &+= 1
        return .valid
    }

    private mutating func restart(at number: SequenceNumber) {
        base = UInt32(number.value)
        highest = number
        cycles = 0
        received = 0
        receivedBefore = 0
        expectedBefore = 0
        expectedAfterJump = ReceptionStatistics.modulus + 1
        transit = nil
    }

    private mutating func measureJitter(_ timestamp: UInt32, _ now: Instant) {
        let seconds = now.nanoseconds / 1_000_000_000
        let rest = now.nanoseconds % 1_000_000_000
        let arrival = seconds &* Int64(clockRate) &+ rest &* Int64(clockRate) / 1_000_000_000
        let transit = UInt32(truncatingIfNeeded: arrival) &- timestamp
        defer { self.transit = transit }
        guard let before = self.transit else { return }
        let difference = Int32(bitPattern: transit &- before).magnitude
        scaledJitter = scaledJitter &+ difference &- ((scaledJitter &+ 8) >> 4)
    }

    package var extendedHighestSequenceNumber: UInt32 { cycles &+ UInt32(highest.value) }

    /// Packets that should have come.
    package var expected: UInt32 { extendedHighestSequenceNumber &- base &+ 1 }

    /// Negative when duplicates outnumber losses.
    package var cumulativeLost: Int32 {
        let lost = Int64(expected) - Int64(received)
        return Int32(min(max(lost, -0x80_0000), 0x7f_ffff))
    }

    /// In timestamp units.
    package var jitter: UInt32 { scaledJitter >> 4 }

    /// A block for the next report; the share lost counts from the block before.
    package mutating func report(
        ssrc: UInt32, lastSenderReport: NTPTime? = nil, sinceLastSenderReport: Interval = .zero
    ) -> ReportBlock {
        let expectedNow = expected &- expectedBefore
        let receivedNow = received &- receivedBefore
        let lost = Int64(expectedNow) - Int64(receivedNow)
        expectedBefore = expected
        receivedBefore = received
        var fraction: UInt8 = 0
        if expectedNow > 0 && lost > 0 {
            fraction = UInt8(min(255, lost << 8 / Int64(expectedNow)))
        }
        let delay = max(0, sinceLastSenderReport.nanoseconds) / 1000 * 65536 / 1_000_000
        return ReportBlock(
            ssrc: ssrc, fractionLost: fraction, cumulativeLost: cumulativeLost,
            extendedHighestSequenceNumber: extendedHighestSequenceNumber, jitter: jitter,
            lastSenderReport: lastSenderReport?.middle ?? 0,
            delaySinceLastSenderReport: lastSenderReport == nil
                ? 0 : UInt32(truncatingIfNeeded: delay))
    }
}
