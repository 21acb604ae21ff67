import Primitives
import SIP
import Testing

struct SessionTimerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var terms: SessionTimer.Terms
        var current: SessionTimer?
        var answer: SessionTimer.Answer
    }

    static let zero = Instant(nanoseconds: 0)

    static let cases: [Case] = [
        Case(
            testDescription: "peer without timer support is left alone", terms: .init(),
            answer: .none),
        Case(
            testDescription: "peer that lists timer: we refresh",
            terms: .init(isSupported: true),
            answer: .agreed(interval: 1800, refresher: .uas, isRequired: true)),
        Case(
            testDescription: "peer that lists timer with a Min-SE above ours",
            terms: .init(minimum: 3600, isSupported: true),
            answer: .agreed(interval: 3600, refresher: .uas, isRequired: true)),
        Case(
            testDescription: "too small: 422",
            terms: .init(interval: 60, isSupported: true), answer: .tooSmall(minimum: 90)),
        Case(
            testDescription: "too small, put there by a proxy: can't be refused, we refresh",
            terms: .init(interval: 60),
            answer: .agreed(interval: 90, refresher: .uas, isRequired: false)),
        Case(
            testDescription: "asked for without refresher: the peer refreshes",
            terms: .init(interval: 1800, minimum: 1800, isSupported: true),
            answer: .agreed(interval: 1800, refresher: .uac, isRequired: true)),
        Case(
            testDescription: "asked for with refresher uac",
            terms: .init(interval: 90, refresher: .uac, minimum: 90, isSupported: true),
            answer: .agreed(interval: 90, refresher: .uac, isRequired: true)),
        Case(
            testDescription: "asked for with refresher uas",
            terms: .init(interval: 300, refresher: .uas, isSupported: true),
            answer: .agreed(interval: 300, refresher: .uas, isRequired: true)),
        Case(
            testDescription: "a refresh without refresher keeps the roles",
            terms: .init(interval: 300, isSupported: true),
            current: SessionTimer(interval: 300, refresher: .local, now: zero),
            answer: .agreed(interval: 300, refresher: .uas, isRequired: true)),
        Case(
            testDescription: "a re-INVITE that forgets the timer keeps it running",
            terms: .init(isSupported: true),
            current: SessionTimer(interval: 300, refresher: .remote, now: zero),
            answer: .agreed(interval: 300, refresher: .uac, isRequired: true)),
        Case(
            testDescription: "a re-INVITE that forgets even Supported: we refresh from now on",
            terms: .init(),
            current: SessionTimer(interval: 300, refresher: .remote, now: zero),
            answer: .agreed(interval: 300, refresher: .uas, isRequired: false)),
    ]

    @Test(arguments: cases) func answersTheTermsOfARequest(_ row: Case) {
        #expect(
            SessionTimer.answer(to: row.terms, policy: .init(), current: row.current)
                == row.answer)
    }

    @Test(arguments: [(90, 60), (96, 64), (120, 88), (1800, 1768)])
    func expiresBeforeTheIntervalEnds(interval: Int, seconds: Int) {
        var timer = SessionTimer(interval: interval, refresher: .remote, now: Self.zero)
        let end = Self.zero + .seconds(seconds)
        #expect(timer.deadline == end)
        #expect(timer.advance(to: end - .milliseconds(1)) == nil)
        #expect(timer.advance(to: end) == .expired)
    }

    @Test func refreshesAtHalfTheIntervalOnce() {
        var timer = SessionTimer(interval: 90, refresher: .local, now: Self.zero)
        #expect(timer.deadline == Self.zero + .seconds(45))
        #expect(timer.advance(to: Self.zero + .seconds(45)) == .refresh)
        #expect(timer.advance(to: Self.zero + .seconds(46)) == nil)
        #expect(timer.deadline == Self.zero + .seconds(60))
        #expect(timer.advance(to: Self.zero + .seconds(60)) == .expired)
    }

    @Test func aResponseWithoutSessionExpiresEndsTheTimer() {
        #expect(SessionTimer(response: .init(isSupported: true), now: Self.zero) == nil)
        #expect(
            SessionTimer(response: .init(interval: 180, refresher: .uas), now: Self.zero)?.refresher
                == .remote)
        #expect(
            SessionTimer(response: .init(interval: 180, refresher: .uac), now: Self.zero)?.refresher
                == .local)
    }
}
