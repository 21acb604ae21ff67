import Primitives
import SIP
import Testing

/// RFC 3261 §17.1.2: every state with every input, and the timers' sequence.
@Suite struct NonInviteClientTransactionTests {
    enum Start: CaseIterable {
        case trying, proceeding, completed, terminated

        func make(reliable: Bool = false) -> NonInviteClientTransaction {
            var t = NonInviteClientTransaction(reliable: reliable, timers: SIPTimers(), now: t0)
            switch self {
            case .trying: break
            case .proceeding: _ = t.receive(100, now: t0)
            case .completed: _ = t.receive(200, now: t0)
            case .terminated: _ = t.transportFailed()
            }
            return t
        }
    }
    enum Input: CaseIterable { case code100, code200, code404, failure }

    struct Row: Sendable, CustomTestStringConvertible {
        let start: Start
        let input: Input
        let isForTheUser: Bool
        let wait: Int?
        init(_ start: Start, _ input: Input, _ isForTheUser: Bool, _ wait: Int?) {
            self.start = start
            self.input = input
            self.isForTheUser = isForTheUser
            self.wait = wait
        }
        var testDescription: String { "\(start) \(input)" }
    }

    static let table = [
        Row(.trying, .code100, true, 500), Row(.trying, .code200, true, 5000),
        Row(.trying, .code404, true, 5000), Row(.trying, .failure, true, nil),
        Row(.proceeding, .code100, true, 500), Row(.proceeding, .code200, true, 5000),
        Row(.proceeding, .code404, true, 5000), Row(.proceeding, .failure, true, nil),
        Row(.completed, .code100, false, 5000), Row(.completed, .code200, false, 5000),
        Row(.completed, .code404, false, 5000), Row(.completed, .failure, false, 5000),
        Row(.terminated, .code100, false, nil), Row(.terminated, .code200, false, nil),
        Row(.terminated, .code404, false, nil), Row(.terminated, .failure, false, nil),
    ]

    @Test func tableIsWhole() {
        #expect(Self.table.count == Start.allCases.count * Input.allCases.count)
    }

    @Test(arguments: table) func answersInput(_ row: Row) {
        var t = row.start.make()
        let told: Bool =
            switch row.input {
            case .code100: t.receive(100, now: t0)
            case .code200: t.receive(200, now: t0)
            case .code404: t.receive(404, now: t0)
            case .failure: t.transportFailed()
            }
        #expect(told == row.isForTheUser)
        #expect(t.deadline.map { milliseconds($0 - t0) } == row.wait)
    }

    @Test func timersEAndFOverUDP() {
        var t = Start.trying.make()
        let resends = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
        #expect(
            run { (t.deadline, { t.advance(to: $0) }) }
                == resends.map { .init($0, .resend) } + [.init(32000, .timedOut)])
    }

    @Test func timerEIsT2OnceProceeding() {
        var t = Start.proceeding.make()
        let resends = [500, 4500, 8500, 12500, 16500, 20500, 24500, 28500]
        #expect(
            run { (t.deadline, { t.advance(to: $0) }) }
                == resends.map { .init($0, .resend) } + [.init(32000, .timedOut)])
    }

    @Test(arguments: [Start.trying, .proceeding]) func timerFOverTCP(start: Start) {
        var t = start.make(reliable: true)
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(32000, .timedOut)])
    }

    @Test func timerK() {
        var t = Start.completed.make()
        #expect(run { (t.deadline, { t.advance(to: $0) }) } == [.init(5000, .ended)])
        #expect(Start.completed.make(reliable: true).isTerminated)
    }
}
