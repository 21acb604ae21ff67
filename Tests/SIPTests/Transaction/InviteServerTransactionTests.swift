import Primitives
import SIP
import Testing

/// RFC 3261 §17.2.1 with RFC 6026: every state with every input, and the timers' sequence.
@Suite struct InviteServerTransactionTests {
    enum Start: CaseIterable {
        case silent, tried, rung, completed, confirmed, accepted, terminated

        /// A transaction over UDP in this state; its last input came at `t0`.
        func make(reliable: Bool = false) -> InviteServerTransaction {
            var t = InviteServerTransaction(reliable: reliable, timers: SIPTimers(), now: t0)
            switch self {
            case .silent: break
            case .tried: _ = t.respond(100, now: t0)
            case .rung: _ = t.respond(180, now: t0)
            case .completed: _ = t.respond(486, now: t0)
            case .confirmed:
                _ = t.respond(486, now: t0)
                _ = t.receiveAcknowledgement(now: t0)
            case .accepted: _ = t.respond(200, now: t0)
            case .terminated:
                _ = t.respond(200, now: t0)
                _ = t.advance(to: t0 + .seconds(32))
            }
            return t
        }
    }
    enum Input: CaseIterable { case invite, ack, code180, code200, code486 }

    struct Row: Sendable, CustomTestStringConvertible {
        let start: Start
        let input: Input
        let output: String
        /// Milliseconds to the next deadline afterwards.
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
        Row(.silent, .invite, "absorb", 200), Row(.silent, .ack, "passUp", 200),
        Row(.silent, .code180, "send", nil), Row(.silent, .code200, "send", 32000),
        Row(.silent, .code486, "send", 500),
        Row(.tried, .invite, "resend", nil), Row(.tried, .ack, "passUp", nil),
        Row(.tried, .code180, "send", nil), Row(.tried, .code200, "send", 32000),
        Row(.tried, .code486, "send", 500),
        Row(.rung, .invite, "resend", nil), Row(.rung, .ack, "passUp", nil),
        Row(.rung, .code180, "send", nil), Row(.rung, .code200, "send", 32000),
        Row(.rung, .code486, "send", 500),
        Row(.completed, .invite, "resend", 500), Row(.completed, .ack, "absorb", 5000),
        Row(.completed, .code180, "drop", 500), Row(.completed, .code200, "drop", 500),
        Row(.completed, .code486, "drop", 500),
        Row(.confirmed, .invite, "absorb", 5000), Row(.confirmed, .ack, "absorb", 5000),
        Row(.confirmed, .code180, "drop", 5000), Row(.confirmed, .code200, "drop", 5000),
        Row(.confirmed, .code486, "drop", 5000),
        Row(.accepted, .invite, "absorb", 32000), Row(.accepted, .ack, "passUp", 32000),
        Row(.accepted, .code180, "drop", 32000), Row(.accepted, .code200, "send", 32000),
        Row(.accepted, .code486, "drop", 32000),
        Row(.terminated, .invite, "absorb", nil), Row(.terminated, .ack, "passUp", nil),
        Row(.terminated, .code180, "drop", nil), Row(.terminated, .code200, "drop", nil),
        Row(.terminated, .code486, "drop", nil),
    ]

    @Test func tableIsWhole() {
        #expect(Self.table.count == Start.allCases.count * Input.allCases.count)
    }

    @Test(arguments: table) func answersInput(_ row: Row) {
        var t = row.start.make()
        let output: String =
            switch row.input {
            case .invite: t.receiveRetransmission() ? "resend" : "absorb"
            case .ack: t.receiveAcknowledgement(now: t0) == .absorb ? "absorb" : "passUp"
            case .code180: t.respond(180, now: t0) ? "send" : "drop"
            case .code200: t.respond(200, now: t0) ? "send" : "drop"
            case .code486: t.respond(486, now: t0) ? "send" : "drop"
            }
        #expect(output == row.output)
        #expect(t.deadline.map { milliseconds($0 - t0) } == row.wait)
    }

    @Test func timersOfARefusalOverUDP() {
        var t = Start.completed.make()
        let seen = run { (t.deadline, { t.advance(to: $0) }) }
        // G: T1, then twice as long up to T2; H: 64*T1.
        let resends = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
        #expect(seen == resends.map { .init($0, .resend) } + [.init(32000, .unacknowledged)])
        #expect(t.isTerminated)
    }

    @Test func timersOfARefusalOverTCP() {
        var t = Start.completed.make(reliable: true)
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(32000, .unacknowledged)])
        var acknowledged = Start.completed.make(reliable: true)
        #expect(acknowledged.receiveAcknowledgement(now: t0) == .absorb)
        #expect(acknowledged.isTerminated)
    }

    @Test(arguments: [false, true]) func timerLKeepsAnAcceptedOne(reliable: Bool) {
        var t = Start.accepted.make(reliable: reliable)
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(32000, .ended)])
    }

    @Test func timerIKeepsAConfirmedOne() {
        var t = Start.confirmed.make()
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(5000, .ended)])
    }

    @Test func triesAfter200Milliseconds() {
        var t = Start.silent.make()
        #expect(t.advance(to: t0 + .milliseconds(199)) == nil)
        #expect(t.advance(to: t0 + .milliseconds(200)) == .sendTrying)
        #expect(t.deadline == nil)
        #expect(t.receiveRetransmission())
    }

    @Test func lateWakeUpResendsOnce() {
        var t = Start.completed.make()
        #expect(t.advance(to: t0 + .seconds(20)) == .resend)
        #expect(t.advance(to: t0 + .seconds(20)) == nil)
        #expect(t.advance(to: t0 + .seconds(40)) == .unacknowledged)
    }
}
