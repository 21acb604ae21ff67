/// What a recording came to.
package struct RecordingSummary: Sendable, Equatable {
    /// What ended it.
    package enum Ending: Sendable, Equatable {
        /// `stopRecording` or `close`.
        case stopped
        case maximumLength
        case silence
        /// No packet came for the longest silence.
        case mediaLost
        /// The disk takes no more; what fitted is there.
        case failed(String)
    }

    package var ending: Ending
    package var sampleRate: Int
    /// Samples on disk.
    package var samples: Int
    package var verdict: MessageVerdict

    package init(ending: Ending, sampleRate: Int, samples: Int, verdict: MessageVerdict) {
        self.ending = ending
        self.sampleRate = sampleRate
        self.samples = samples
        self.verdict = verdict
    }
}
