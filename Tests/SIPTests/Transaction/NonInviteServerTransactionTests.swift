import Primitives
import SIP
import Testing

/// RFC 3261 §17.2.2 with RFC 4320: every state with every input, and the timers' sequence.
@Suite struct NonInviteServerTransactionTests {
    enum Start: CaseIterable {
        case trying, proceeding, completed, terminated

        /// A transaction over UDP in this state; the request came at `t0`.
        func make(reliable: Bool = false) -> NonInviteServerTransaction {
            var t = NonInviteServerTransaction(reliable: reliable, timers: SIPTimers(), now: t0)
            switch self {
            case .trying: break
            case .proceeding: _ = t.advance(to: t0 + .milliseconds(3500))
            case .completed: _ = t.respond(200, now: t0)
            case .terminated: t.transportFailed()
            }
            return t
        }
    }
    enum Input: CaseIterable { case request, code100, code180, code200, code404, code408, failure }

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
        Row(.trying, .request, "absorb", 3500), Row(.trying, .code100, "drop", 3500),
        Row(.trying, .code180, "drop", 3500), Row(.trying, .code200, "send", 32000),
        Row(.trying, .code404, "send", 32000), Row(.trying, .code408, "drop", nil),
        Row(.trying, .failure, "", nil),
        Row(.proceeding, .request, "resend", 32000), Row(.proceeding, .code100, "drop", 32000),
        Row(.proceeding, .code180, "drop", 32000), Row(.proceeding, .code200, "send", 32000),
        Row(.proceeding, .code404, "send", 32000), Row(.proceeding, .code408, "drop", nil),
        Row(.proceeding, .failure, "", nil),
        Row(.completed, .request, "resend", 32000), Row(.completed, .code100, "drop", 32000),
        Row(.completed, .code180, "drop", 32000), Row(.completed, .code200, "drop", 32000),
        Row(.completed, .code404, "drop", 32000), Row(.completed, .code408, "drop", 32000),
        Row(.completed, .failure, "", nil),
        Row(.terminated, .request, "absorb", nil), Row(.terminated, .code100, "drop", nil),
        Row(.terminated, .code180, "drop", nil), Row(.terminated, .code200, "drop", nil),
        Row(.terminated, .code404, "drop", nil), Row(.terminated, .code408, "drop", nil),
        Row(.terminated, .failure, "", nil),
    ]

    @Test func tableIsWhole() {
        #expect(Self.table.count == Start.allCases.count * Input.allCases.count)
    }

    @Test(arguments: table) func answersInput(_ row: Row) {
        var t = row.start.make()
        func respond(_ code: UInt16) -> String { t.respond(code, now: t0) ? "send" : "drop" }
        let output: String
        switch row.input {
        case .request: output = t.receiveRetransmission() ? "resend" : "absorb"
        case .code100: output = respond(100)
        case .code180: output = respond(180)
        case .code200: output = respond(200)
        case .code404: output = respond(404)
        case .code408: output = respond(408)
        case .failure:
            t.transportFailed()
            output = ""
        }
        #expect(output == row.output)
        #expect(t.deadline.map { milliseconds($0 - t0) } == row.wait)
    }

    @Test(arguments: [false, true]) func aSilentUserCausesTryingAndNeverAFinalResponse(
        reliable: Bool
    ) {
        var t = Start.trying.make(reliable: reliable)
        #expect(
            run { (t.deadline, { t.advance(to: $0) }) } == [
                .init(3500, .sendTrying), .init(32000, .expired),
            ])
        let late = t.respond(200, now: t0 + .seconds(33))
        #expect(!late)
    }

    @Test func timerJ() {
        var t = Start.completed.make()
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(32000, .ended)])
        #expect(Start.completed.make(reliable: true).isTerminated)
    }

    /// The time at which a client's timer E is set to T2.
    @Test(arguments: [
        (500, 4000, 3500), (100, 4000, 6300), (500, 500, 500), (1000, 4000, 3000), (500, 1000, 500),
    ])
    func tryingFollowsTimerE(t1: Int, t2: Int, expected: Int) {
        let timers = SIPTimers(t1: .milliseconds(t1), t2: .milliseconds(t2))
        #expect(milliseconds(timers.nonInviteTrying) == expected)
    }
}
