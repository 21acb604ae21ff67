import Primitives
import RTP
import Testing

struct ReceptionStatisticsTests {
    struct Run: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let numbers: [UInt16]
        let expected: UInt32
        let lost: Int32
        let extended: UInt32
    }

    static let runs = [
        Run(
            testDescription: "in order", numbers: [10, 11, 12, 13], expected: 3, lost: 0,
            extended: 13),
        Run(
            testDescription: "wrap", numbers: [65533, 65534, 65535, 0, 1], expected: 4, lost: 0,
            extended: 65537),
        Run(
            testDescription: "two lost", numbers: [1, 2, 5, 6], expected: 5, lost: 2,
            extended: 6),
        Run(
            testDescription: "a duplicate", numbers: [1, 2, 3, 3], expected: 2, lost: -1,
            extended: 3),
        Run(
            testDescription: "two swapped", numbers: [1, 2, 4, 3, 5], expected: 4, lost: 0,
            extended: 5),
        Run(
            testDescription: "one wild number", numbers: [1, 2, 30000, 3], expected: 2, lost: 0,
            extended: 3),
        Run(
            testDescription: "a restart", numbers: [1, 2, 30000, 30001, 30002], expected: 2,
            lost: 0, extended: 30002),
    ]

    /// The first packet of a source is on probation and does not count (RFC 3550 §A.1).
    @Test(arguments: runs) func counts(_ run: Run) {
        var statistics = ReceptionStatistics(
            first: SequenceNumber(run.numbers[0]), clockRate: 8000)
        for (i, number) in run.numbers.enumerated() {
            _ = statistics.receive(
                SequenceNumber(number), timestamp: UInt32(i) * 160,
                at: Instant(nanoseconds: Int64(i) * 20_000_000))
        }
        #expect(statistics.expected == run.expected)
        #expect(statistics.cumulativeLost == run.lost)
        #expect(statistics.extendedHighestSequenceNumber == run.extended)
    }

    @Test func fractionCountsFromTheReportBefore() {
        var statistics = ReceptionStatistics(first: SequenceNumber(0), clockRate: 8000)
        func receive(_ numbers: [UInt16]) {
            for n in numbers {
                _ = statistics.receive(
                    SequenceNumber(n), timestamp: UInt32(n) * 160,
                    at: Instant(nanoseconds: Int64(n) * 20_000_000))
            }
        }
        receive([0, 1, 2, 4])
        #expect(statistics.report(ssrc: 1).fractionLost == 64)
        receive([5, 6])
        #expect(statistics.report(ssrc: 1).fractionLost == 0)
        #expect(statistics.report(ssrc: 1).cumulativeLost == 1)
    }

    @Test func jitterOfAnEvenStreamIsNothing() {
        var even = ReceptionStatistics(first: SequenceNumber(0), clockRate: 8000)
        var shaken = even
        for n in UInt16(0)..<500 {
            let time = Int64(n) * 20_000_000
            _ = even.receive(
                SequenceNumber(n), timestamp: UInt32(n) * 160, at: Instant(nanoseconds: time))
            _ = shaken.receive(
                SequenceNumber(n), timestamp: UInt32(n) * 160,
                at: Instant(nanoseconds: time + Int64(n % 2) * 5_000_000))
        }
        #expect(even.jitter == 0)
        // Every packet differs from the one before by 5 ms, which are 40 units.
        #expect((38...40).contains(shaken.jitter))
    }

    @Test func aCollisionGivesANewIdentityOnce() {
        var random = SplitMix(state: 1)
        var identity = SourceIdentity(ssrc: 7)
        let thief = Endpoint(.loopbackV4, port: 9)
        let now = Instant(nanoseconds: 0)
        #expect(identity.receive(8, from: thief, at: now, using: &random) == .other)
        #expect(
            identity.receive(7, from: thief, at: now, using: &random) == .collision(old: 7))
        let second = identity.ssrc
        #expect(second != 7)
        #expect(identity.receive(second, from: thief, at: now, using: &random) == .loop)
        #expect(identity.ssrc == second)
        #expect(
            identity.receive(second, from: thief, at: now + .seconds(60), using: &random)
                == .collision(old: second))
    }
}
