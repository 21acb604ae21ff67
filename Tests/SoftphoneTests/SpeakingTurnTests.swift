import Primitives
import Softphone
import Testing

@Suite struct SpeakingTurnTests {
    @Test func itIsOurTurnAfterTheTone() {
        var turn = SpeakingTurn(delay: nil)
        // Before the greeting there may be silence.
        for _ in 0..<100 { turn.heard(-90, seconds: 0.02) }
        #expect(!turn.hasCome)
        for _ in 0..<100 { turn.heard(-20, seconds: 0.02) }
        // A pause for breath.
        for _ in 0..<25 { turn.heard(-90, seconds: 0.02) }
        for _ in 0..<25 { turn.heard(-20, seconds: 0.02) }
        #expect(!turn.hasCome)
        for _ in 0..<49 { turn.heard(-90, seconds: 0.02) }
        #expect(!turn.hasCome)
        for _ in 0..<2 { turn.heard(-90, seconds: 0.02) }
        #expect(turn.hasCome)
    }

    @Test func itIsOurTurnWhenItIsTime() {
        var turn = SpeakingTurn(delay: .seconds(2))
        turn.advance(to: Instant(nanoseconds: 5))
        for _ in 0..<200 { turn.heard(-90, seconds: 0.02) }
        #expect(!turn.hasCome)
        turn.advance(to: Instant(nanoseconds: 5) + .seconds(2))
        #expect(turn.hasCome)
    }
}
