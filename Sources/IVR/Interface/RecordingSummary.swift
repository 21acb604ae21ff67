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

extension RecordingSummary: CustomStringConvertible {
    /// What was found, for people: `speech, 2.1 s of 3.0 s; packets lost 0, late 0`.
    package var description: String {
        func seconds(_ samples: Int) -> String {
            let tenths = samples * 10 / max(1, sampleRate)
            return "\(tenths / 10).\(tenths % 10) s"
        }
        let found =
            switch verdict.kind {
            case .speech: "speech, \(seconds(verdict.speech.count)) of \(seconds(samples))"
            case .tone: "tone near \(verdict.frequency ?? 0) Hz, \(seconds(samples))"
            case .silence, .noise: "\(verdict.kind.rawValue), \(seconds(samples))"
            }
        return "\(found); packets lost \(packets.lost), late \(packets.late)"
    }
}
