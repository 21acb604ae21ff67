package import Primitives

/// When the phone begins to speak: so long after the answer, or when the other side has been heard
/// and has fallen silent, as a person waits for the tone of an answering machine.
package struct SpeakingTurn: Sendable {
    /// So much silence after sound means that it is our turn.
    package static let pause = 1.0

    private let delay: Interval?
    private var answered: Instant?
    private var hasHeard = false
    private var silence = 0.0
    package private(set) var hasCome = false

    /// - Parameter delay: from the answer on; nil: by what is heard.
    package init(delay: Interval?) { self.delay = delay }

    /// The call was answered, or time has passed since.
    package mutating func advance(to now: Instant) {
        let start = answered ?? now
        answered = start
        if let delay, now - start >= delay { hasCome = true }
    }

    /// - Parameters:
    ///   - level: of a frame, in dBFS.
    ///   - seconds: its length.
    package mutating func heard(_ level: Double, seconds: Double) {
        if level > LevelMeter.silence {
            hasHeard = true
            silence = 0
        } else {
            silence += seconds
        }
        if delay == nil, hasHeard, silence >= SpeakingTurn.pause { hasCome = true }
    }
}
