package import Spool

/// One caller's visit to a mailbox: what is heard, recorded and kept, as a state machine.
///
///     greeting ──▶ recording ──#──▶ menu ◀──▶ listening
///                      ▲             │ 2
///                      └─────────────┘
///
/// Whatever ends the call, what was recorded is kept.
package struct Deposit: Sendable {
    package enum Input: Sendable, Equatable {
        /// The call stands: the caller hears us.
        case established
        /// A key, by whatever way it came.
        case key(Character)
        /// What was to be played has been heard to its end.
        case played
        /// The recording came to its end by itself; `hasSpeech` as the classifier judged.
        case recorded(Envelope.Ending, hasSpeech: Bool)
        /// The caller is gone, or the node drains.
        case ended(Envelope.Ending)
    }

    package enum Action: Sendable, Equatable {
        /// Plays these, after what may still be playing was stopped.
        case play([Item])
        case stopPlaying
        /// Records from here on, in place of what an earlier recording of this call holds.
        case record
        case stopRecording
        /// To be queued for the mail, as it stands on disk.
        case keep(Envelope.Ending, isUrgent: Bool)
        /// Nothing was recorded.
        case forget
        /// Hands the caller on to the operator.
        case transfer
        case hangUp
        /// For the trace: what a key meant.
        case chose(Choice)
    }

    /// What a caller asked for by a key, in the words of the trace.
    package enum Choice: String, Sendable, Equatable {
        case skip = "skips the greeting"
        case stop = "ends the recording"
        case send = "sends the message"
        case listen = "listens to the message"
        case again = "records again"
        case urgent = "marks the message urgent"
        case notUrgent = "marks the message not urgent"
        case `operator` = "asks for the operator"
    }

    /// A piece of what is played.
    package enum Item: Sendable, Hashable {
        case phrase(Phrase)
        /// The user's own greeting.
        case greeting
        /// The tone after which one speaks.
        case tone
        /// What this call has recorded.
        case recording
    }

    private enum State: Sendable, Equatable {
        case ringing
        case greeting
        /// The tone before a recording.
        case tone
        case recording
        /// `repeats`: how often the menu may be said again.
        case menu(repeats: Int)
        case listening
        case farewell
        case transferring
        case over
    }

    private let greeting: [Item]
    private let hasOperator: Bool
    private var state = State.ringing
    /// What the recording ended with, once there is one worth keeping.
    private var recorded: Envelope.Ending?
    private var isUrgent = false

    /// - Parameters:
    ///   - greeting: what is said before the tone.
    ///   - hasOperator: `0` reaches somebody.
    package init(greeting: [Item], hasOperator: Bool) {
        self.greeting = greeting
        self.hasOperator = hasOperator
    }

    package var isOver: Bool { state == .over }

    package mutating func handle(_ input: Input) -> [Action] {
        switch input {
        case .ended(let ending): end(ending)
        case .key(let key): pressed(key)
        case .established: state == .ringing ? enter(.greeting, .play(greeting)) : []
        case .played: played()
        case .recorded(let ending, let hasSpeech): recorded(ending, hasSpeech)
        }
    }

    private mutating func played() -> [Action] {
        switch state {
        case .greeting: enter(.tone, .play([.tone]))
        case .tone: record()
        case .menu(let repeats) where repeats > 0:
            enter(.menu(repeats: repeats - 1), .play([.phrase(.menu)]))
        case .menu: send()
        case .listening: enter(.menu(repeats: 1), .play([.phrase(.menu)]))
        case .farewell: [.hangUp]
        case .transferring: [.transfer]
        case .ringing, .recording, .over: []
        }
    }

    private mutating func record() -> [Action] {
        // An earlier recording is there until this one takes its place.
        recorded = nil
        return enter(.recording, .record)
    }

    private mutating func pressed(_ key: Character) -> [Action] {
        switch (state, key) {
        case (.greeting, "#"), (.greeting, "*"):
            [.chose(.skip)] + enter(.tone, .play([.tone]))
        case (.greeting, "0") where hasOperator, (.menu, "0") where hasOperator,
            (.recording, "0") where hasOperator:
            [.chose(.operator)] + transfer()
        case (.recording, "#"):
            // The engine says what it holds with `recorded`.
            [.chose(.stop), .stopRecording]
        case (.menu, "#"), (.listening, "#"):
            [.chose(.send)] + send()
        case (.menu, "1"), (.listening, "1"):
            [.chose(.listen)] + enter(.listening, .play([.recording]))
        case (.menu, "2"), (.listening, "2"):
            [.chose(.again)] + enter(.tone, .play([.phrase(.recordAgain), .tone]))
        case (.menu, "3"), (.listening, "3"):
            mark()
        default:
            []
        }
    }

    private mutating func recorded(_ ending: Envelope.Ending, _ hasSpeech: Bool) -> [Action] {
        if hasSpeech { recorded = ending }
        switch state {
        case .transferring:
            return []
        case .recording:
            break
        default:
            return []
        }
        switch ending {
        case .mediaLost, .silence:
            // Nobody is there to choose.
            return send(saying: [])
        case .maximumLength:
            return enter(
                .menu(repeats: 1), .play([.phrase(.maximumLength), .phrase(.menu)]))
        case .key where recorded == nil:
            return enter(.tone, .play([.phrase(.nothingHeard), .phrase(.recordAgain), .tone]))
        case .key, .hungUp, .drained, .interrupted:
            return enter(.menu(repeats: 1), .play([.phrase(.menu)]))
        }
    }

    private mutating func mark() -> [Action] {
        isUrgent.toggle()
        let said = isUrgent ? Phrase.markedUrgent : .noLongerUrgent
        return [.chose(isUrgent ? .urgent : .notUrgent)]
            + enter(.menu(repeats: 1), .play([.phrase(said), .phrase(.menu)]))
    }

    private mutating func send(saying items: [Item] = [.phrase(.sent)]) -> [Action] {
        state = .farewell
        return items.isEmpty ? [.hangUp] : [.play(items)]
    }

    private mutating func transfer() -> [Action] {
        let stop: [Action] = state == .recording ? [.stopRecording] : []
        state = .transferring
        return stop + [.play([.phrase(.connecting)])]
    }

    private mutating func end(_ ending: Envelope.Ending) -> [Action] {
        guard state != .over else { return [] }
        let wasRecording = state == .recording
        state = .over
        if wasRecording { return [.stopRecording, .keep(ending, isUrgent: isUrgent)] }
        guard let recorded else { return [.forget] }
        return [.keep(recorded, isUrgent: isUrgent)]
    }

    private mutating func enter(_ next: State, _ action: Action) -> [Action] {
        state = next
        return [action]
    }
}
