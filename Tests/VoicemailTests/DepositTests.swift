import Spool
import Testing
import Voicemail

@Suite struct DepositTests {
    private static let greeting: [Deposit.Item] = [.phrase(.unavailable), .phrase(.afterTheTone)]

    /// Runs inputs and gives the actions of the last, without what is for the trace.
    private func last(
        _ inputs: [Deposit.Input], hasOperator: Bool = false
    ) -> [Deposit.Action] {
        var deposit = Deposit(greeting: Self.greeting, hasOperator: hasOperator)
        let actions = inputs.map { deposit.handle($0) }.last ?? []
        return actions.filter { if case .chose = $0 { false } else { true } }
    }

    private static let recording: [Deposit.Input] = [.established, .played, .played]
    private static let menu = recording + [.key("#"), .recorded(.key, hasSpeech: true)]

    @Test func aCallerIsGreetedHearsTheToneAndIsRecorded() {
        #expect(last([.established]) == [.play(Self.greeting)])
        #expect(last([.established, .played]) == [.play([.tone])])
        #expect(last(Self.recording) == [.record])
    }

    @Test(arguments: ["#", "*"] as [Character])
    func aKeySkipsTheGreeting(_ key: Character) {
        #expect(last([.established, .key(key)]) == [.play([.tone])])
    }

    @Test func theTraceIsToldWhatKeysMeant() {
        let inputs: [Deposit.Input] = [
            .established, .key("#"), .played, .key("7"), .key("#"),
            .recorded(.key, hasSpeech: true), .key("1"), .key("3"), .key("3"), .key("2"), .played,
            .key("#"), .recorded(.key, hasSpeech: true), .key("#"), .played, .key("1"),
        ]
        var deposit = Deposit(greeting: Self.greeting, hasOperator: true)
        let choices = inputs.flatMap { deposit.handle($0) }.compactMap { action in
            if case .chose(let choice) = action { choice } else { nil }
        }
        #expect(choices == [.skip, .stop, .listen, .urgent, .notUrgent, .again, .stop, .send])
        var other = Deposit(greeting: Self.greeting, hasOperator: true)
        _ = other.handle(.established)
        #expect(other.handle(.key("0")).first == .chose(.operator))
    }

    @Test func hangingUpKeepsWhatWasSaid() {
        #expect(
            last(Self.recording + [.ended(.hungUp)])
                == [.stopRecording, .keep(.hungUp, isUrgent: false)])
    }

    @Test func hangingUpInTheGreetingLeavesNothing() {
        #expect(last([.established, .ended(.hungUp)]) == [.forget])
        #expect(last([.established, .played, .ended(.hungUp)]) == [.forget])
        #expect(last([.ended(.hungUp)]) == [.forget])
    }

    @Test func hangingUpInTheMenuKeepsTheMessageAsItEnded() {
        #expect(last(Self.menu + [.ended(.hungUp)]) == [.keep(.key, isUrgent: false)])
    }

    @Test func theMenu() {
        #expect(last(Self.recording + [.key("#")]) == [.stopRecording])
        #expect(last(Self.menu) == [.play([.phrase(.menu)])])
        #expect(last(Self.menu + [.key("1")]) == [.play([.recording])])
        #expect(last(Self.menu + [.key("1"), .played]) == [.play([.phrase(.menu)])])
        #expect(
            last(Self.menu + [.key("2")]) == [.play([.phrase(.recordAgain), .tone])])
        #expect(last(Self.menu + [.key("2"), .played]) == [.record])
        #expect(
            last(Self.menu + [.key("3")]) == [.play([.phrase(.markedUrgent), .phrase(.menu)])])
        #expect(
            last(Self.menu + [.key("3"), .ended(.hungUp)]) == [.keep(.key, isUrgent: true)])
        #expect(
            last(Self.menu + [.key("3"), .key("3"), .ended(.hungUp)])
                == [.keep(.key, isUrgent: false)])
        #expect(last(Self.menu + [.key("#")]) == [.play([.phrase(.sent)])])
        #expect(last(Self.menu + [.key("#"), .played]) == [.hangUp])
        #expect(
            last(Self.menu + [.key("#"), .played, .ended(.hungUp)])
                == [.keep(.key, isUrgent: false)])
    }

    @Test func theMenuIsSaidTwiceAndThenTheMessageIsSent() {
        #expect(last(Self.menu + [.played]) == [.play([.phrase(.menu)])])
        #expect(last(Self.menu + [.played, .played]) == [.play([.phrase(.sent)])])
    }

    @Test func anEmptyRecordingIsAskedForAgain() {
        #expect(
            last(Self.recording + [.key("#"), .recorded(.key, hasSpeech: false)])
                == [.play([.phrase(.nothingHeard), .phrase(.recordAgain), .tone])])
    }

    @Test func silenceAndLostMediaEndTheCall() {
        for ending in [Envelope.Ending.silence, .mediaLost] {
            let inputs = Self.recording + [.recorded(ending, hasSpeech: true)]
            #expect(last(inputs) == [.hangUp])
            #expect(last(inputs + [.ended(.hungUp)]) == [.keep(ending, isUrgent: false)])
        }
        let nothing = Self.recording + [.recorded(.silence, hasSpeech: false), .ended(.hungUp)]
        #expect(last(nothing) == [.forget])
    }

    @Test func theLongestMessageGetsTheMenu() {
        #expect(
            last(Self.recording + [.recorded(.maximumLength, hasSpeech: true)])
                == [.play([.phrase(.maximumLength), .phrase(.menu)])])
    }

    @Test func theOperatorIsReachedWithWhatWasRecordedKept() {
        #expect(last([.established, .key("0")]) == [])
        #expect(
            last([.established, .key("0")], hasOperator: true) == [.play([.phrase(.connecting)])])
        #expect(last([.established, .key("0"), .played], hasOperator: true) == [.transfer])
        let spoken =
            Self.recording + [.key("0"), .recorded(.key, hasSpeech: true), .ended(.hungUp)]
        #expect(last(spoken, hasOperator: true) == [.keep(.key, isUrgent: false)])
    }

    @Test func afterTheEndNothingHappens() {
        #expect(last([.established, .ended(.hungUp), .ended(.drained)]) == [])
        #expect(last(Self.recording + [.ended(.hungUp), .key("#")]) == [])
    }
}
