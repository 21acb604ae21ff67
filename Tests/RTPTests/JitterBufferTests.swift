import Primitives
import RTP
import Testing

struct JitterBufferTests {
    /// One packet of 20 ms at 8 kHz by its number, with the time of its arrival in ms.
    struct Arriving: Sendable {
        let number: Int
        let at: Int
        var ssrc: UInt32 = 1
        var timestamp: UInt32?
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let arriving: [Arriving]
        /// Numbers handed out; -n for n lost.
        let output: [Int]
    }

    static func even(_ numbers: some Sequence<Int>) -> [Arriving] {
        numbers.map { Arriving(number: $0, at: $0 * 20) }
    }

    static let cases = [
        Case(testDescription: "in order", arriving: even(0..<5), output: [0, 1, 2, 3, 4]),
        Case(
            testDescription: "swapped",
            arriving: [.init(number: 1, at: 0), .init(number: 0, at: 5), .init(number: 2, at: 30)],
            output: [0, 1, 2]),
        Case(testDescription: "lost", arriving: even([0, 1, 4, 5]), output: [0, 1, -2, 4, 5]),
        Case(
            testDescription: "duplicate",
            arriving: even([0, 1]) + [.init(number: 1, at: 21)] + even([2]), output: [0, 1, 2]),
        Case(
            testDescription: "late", arriving: even([0, 2, 3]) + [.init(number: 1, at: 150)],
            output: [0, -1, 2, 3]),
        Case(
            testDescription: "late but still its turn",
            arriving: [
                .init(number: 0, at: 0), .init(number: 2, at: 40), .init(number: 1, at: 90),
            ],
            output: [0, 1, 2]),
        Case(
            testDescription: "wrap", arriving: even(65534..<65539),
            output: [65534, 65535, 0, 1, 2]),
        Case(
            testDescription: "another source",
            arriving: even(0..<2) + [
                .init(number: 900, at: 200, ssrc: 2), .init(number: 901, at: 220, ssrc: 2),
            ], output: [0, 1, 900, 901]),
        Case(
            testDescription: "one wild number",
            arriving: even(0..<3) + [.init(number: 30000, at: 50)] + even([3]),
            output: [0, 1, 2, 3]),
        Case(
            testDescription: "the timestamp jumps by half its range",
            arriving: even(0..<2)
                + [.init(number: 2, at: 10040, timestamp: 320 &+ 1 << 31)],
            output: [0, 1, 2]),
    ]

    @Test(arguments: cases) func handsOut(_ c: Case) throws {
        var buffer = JitterBuffer(clockRate: 8000)
        var output: [Int] = []
        var pending = c.arriving[...]
        for ms in 0...1_400_000 {
            let now = Instant(nanoseconds: 0) + .milliseconds(ms)
            while let next = pending.first, next.at == ms {
                pending.removeFirst()
                let header = RTPHeader(
                    payloadType: 0,
                    sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: next.number)),
                    timestamp: next.timestamp ?? UInt32(next.number * 160), ssrc: next.ssrc)
                _ = buffer.insert(BufferedPacket(header: header, payload: []), at: now)
            }
            while let result = buffer.output(at: now) {
                switch result {
                case .packet(let packet): output.append(Int(packet.header.sequenceNumber.value))
                case .lost(let count): output.append(-count)
                }
            }
            if pending.isEmpty && buffer.deadline == nil { break }
        }
        #expect(output == c.output)
    }

    @Test func waitsNoLongerThanItsDelay() {
        var buffer = JitterBuffer(clockRate: 8000, delay: .milliseconds(40))
        let start = Instant(nanoseconds: 5)
        let header = RTPHeader(
            payloadType: 0, sequenceNumber: SequenceNumber(1), timestamp: 0, ssrc: 1)
        #expect(buffer.insert(BufferedPacket(header: header, payload: []), at: start) == .accepted)
        #expect(buffer.deadline == start + .milliseconds(40))
        #expect(buffer.output(at: start + .milliseconds(39)) == nil)
        #expect(buffer.output(at: start + .milliseconds(40)) != nil)
    }

    /// Packets stop for 400 ms and come at once after that; seconds later one is lost. What follows
    /// it waits as long as if nothing had ever been late.
    @Test(arguments: [false, true]) func theDelayFallsAgainWhenJitterHasEnded(_ isHasty: Bool) {
        let delay = 60
        var buffer = JitterBuffer(
            clockRate: 8000, delay: .milliseconds(delay), isHasty: isHasty)
        let lost = 600
        var waits: [Int: Int] = [:]
        func arrival(_ number: Int) -> Int { (50..<70).contains(number) ? 1400 : 20 * number }
        var next = 0
        for ms in 0..<13_000 {
            let now = Instant(nanoseconds: 0) + .milliseconds(ms)
            while next < 640, arrival(next) <= ms {
                let number = next
                next += 1
                guard number != lost else { continue }
                let header = RTPHeader(
                    payloadType: 0, sequenceNumber: SequenceNumber(UInt16(number)),
                    timestamp: UInt32(160 * number), ssrc: 1)
                _ = buffer.insert(BufferedPacket(header: header, payload: []), at: now)
            }
            while let output = buffer.output(at: now) {
                guard case .packet(let packet) = output else { continue }
                let number = Int(packet.header.sequenceNumber.value)
                waits[number] = ms - arrival(number)
            }
        }
        #expect(buffer.counts.late == 0)
        #expect(buffer.counts.lost == 1)
        #expect(waits[lost + 1] == delay)
        #expect(waits[lost - 1] == (isHasty ? 0 : delay))
    }

    @Test func staysBounded() {
        var buffer = JitterBuffer(clockRate: 8000, capacity: 10)
        for n in UInt16(0)..<1000 {
            let header = RTPHeader(
                payloadType: 0, sequenceNumber: SequenceNumber(n), timestamp: 0, ssrc: 1)
            _ = buffer.insert(
                BufferedPacket(header: header, payload: []), at: Instant(nanoseconds: 0))
            if n >= 10 { #expect(buffer.output(at: Instant(nanoseconds: 0)) != nil) }
        }
    }
}
