package import RTP

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
    /// What became of the call's packets up to here.
    package var packets: JitterBuffer.Counts

    package init(
        ending: Ending, sampleRate: Int, samples: Int, verdict: MessageVerdict,
        packets: JitterBuffer.Counts = .init()
    ) {
        self.ending = ending
        self.sampleRate = sampleRate
        self.samples = samples
        self.verdict = verdict
        self.packets = packets
    }
}
