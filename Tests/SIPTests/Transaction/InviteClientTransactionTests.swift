import Primitives
import SIP
import Testing

/// RFC 3261 §17.1.1 with RFC 6026: every state with every input, and the timers' sequence.
@Suite struct InviteClientTransactionTests {
    enum Start: CaseIterable {
        case calling, proceeding, completed, accepted, terminated

        func make(reliable: Bool = false) -> InviteClientTransaction {
            var t = InviteClientTransaction(reliable: reliable, timers: SIPTimers(), now: t0)
            switch self {
            case .calling: break
            case .proceeding: _ = t.receive(180, now: t0)
            case .completed: _ = t.receive(486, now: t0)
            case .accepted: _ = t.receive(200, now: t0)
            case .terminated: _ = t.transportFailed()
            }
            return t
        }
    }
    enum Input: CaseIterable {
        case code100, code180, code200, code302, code603, cancelled, failure
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let start: Start
        let input: Input
        let output: String
        let wait: Int?
        init(_ start: Start, _ input: Input, _ output: String, _ wait: Int?) {
            self.start = start
            self.input = input
            self.output = output
            self.wait = wait
        }
        var testDescription: String { "\(start) \(input)" }
    }

    static let table = [
        Row(.calling, .code100, "passUp", nil), Row(.calling, .code180, "passUp", nil),
        Row(.calling, .code200, "passUp", 32000),
        Row(.calling, .code302, "acknowledgeAndPassUp", 32000),
        Row(.calling, .code603, "acknowledgeAndPassUp", 32000), Row(.calling, .cancelled, "", 500),
        Row(.calling, .failure, "tell", nil),
        Row(.proceeding, .code100, "passUp", nil), Row(.proceeding, .code180, "passUp", nil),
        Row(.proceeding, .code200, "passUp", 32000),
        Row(.proceeding, .code302, "acknowledgeAndPassUp", 32000),
        Row(.proceeding, .code603, "acknowledgeAndPassUp", 32000),
        Row(.proceeding, .cancelled, "", 32000), Row(.proceeding, .failure, "", nil),
        Row(.completed, .code100, "drop", 32000), Row(.completed, .code180, "drop", 32000),
        Row(.completed, .code200, "drop", 32000), Row(.completed, .code302, "acknowledge", 32000),
        Row(.completed, .code603, "acknowledge", 32000), Row(.completed, .cancelled, "", 32000),
        Row(.completed, .failure, "tell", nil),
        Row(.accepted, .code100, "drop", 32000), Row(.accepted, .code180, "drop", 32000),
        Row(.accepted, .code200, "passUp", 32000), Row(.accepted, .code302, "drop", 32000),
        Row(.accepted, .code603, "drop", 32000), Row(.accepted, .cancelled, "", 32000),
        Row(.accepted, .failure, "", 32000),
        Row(.terminated, .code100, "drop", nil), Row(.terminated, .code180, "drop", nil),
        Row(.terminated, .code200, "drop", nil), Row(.terminated, .code302, "drop", nil),
        Row(.terminated, .code603, "drop", nil), Row(.terminated, .cancelled, "", nil),
        Row(.terminated, .failure, "", nil),
    ]

    @Test func tableIsWhole() {
        #expect(Self.table.count == Start.allCases.count * Input.allCases.count)
    }

    @Test(arguments: table) func answersInput(_ row: Row) {
        var t = row.start.make()
        let output: String
        switch row.input {
        case .code100: output = "\(t.receive(100, now: t0))"
        case .code180: output = "\(t.receive(180, now: t0))"
        case .code200: output = "\(t.receive(200, now: t0))"
        case .code302: output = "\(t.receive(302, now: t0))"
        case .code603: output = "\(t.receive(603, now: t0))"
        case .cancelled:
            t.cancelled(now: t0)
            output = ""
        case .failure: output = t.transportFailed() ? "tell" : ""
        }
        #expect(output == row.output)
        #expect(t.deadline.map { milliseconds($0 - t0) } == row.wait)
    }

    @Test func timersAAndBOverUDP() {
        var t = Start.calling.make()
        let resends = [500, 1500, 3500, 7500, 15500, 31500]
        #expect(
            run { (t.deadline, { t.advance(to: $0) }) }
                == resends.map { .init($0, .resend) } + [.init(32000, .timedOut)])
        #expect(t.isTerminated)
    }

    @Test func timerBOverTCP() {
        var t = Start.calling.make(reliable: true)
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(32000, .timedOut)])
    }

    @Test func noTimerOnceItRings() {
        let t = Start.proceeding.make()
        #expect(t.deadline == nil)
    }

    @Test func timerD() {
        var t = Start.completed.make()
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(32000, .ended)])
        #expect(Start.completed.make(reliable: true).isTerminated)
    }

    @Test(arguments: [false, true]) func timerM(reliable: Bool) {
        var t = Start.accepted.make(reliable: reliable)
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(32000, .ended)])
    }

    @Test func aCancelledOneThatIsNotAnsweredTimesOut() {
        var t = Start.proceeding.make()
        t.cancelled(now: t0)
        #expect(t.receive(183, now: t0) == .passUp)
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(32000, .timedOut)])
    }
}
