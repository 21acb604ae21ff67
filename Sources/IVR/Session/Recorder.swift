import Playout
package import Primitives

/// One recording: what arrives, as samples of one rate, and when it has to end.
package struct Recorder: Sendable {
    let parameters: RecordingParameters
    /// Names the file to the writer.
    let number: UInt64
    let rate: Int
    private(set) var samples = 0
    private var detector: SpeechDetector
    /// Octets that wait to be handed to the writer: a fifth of a second at most.
    private var chunk: [UInt8] = []
    /// Or the last moment at which none was expected.
    private var lastPacket: Instant
    private var lastArrival: Instant
    /// Who holds us for so long and sends nothing is not there any more.
    private static let longestHold = Interval.seconds(600)
    /// How much of the present silence passed while the peer held us.
    private var heldSilence = 0
    private var hasWarned = false

    package init(_ parameters: RecordingParameters, number: UInt64, rate: Int, now: Instant) {
        self.parameters = parameters
        self.number = number
        self.rate = rate
        detector = SpeechDetector(rate: rate)
        lastPacket = now
        lastArrival = now
    }

    private var limit: Int {
        Int(parameters.maximumLength.nanoseconds / 1_000_000) * rate / 1000
    }

    package mutating func packetCame(at now: Instant) {
        lastPacket = now
        lastArrival = now
    }

    /// Nothing is expected: time passes without being silence.
    package mutating func suspend(at now: Instant) {
        lastPacket = now
        heldSilence = detector.silence
    }

    /// - Returns: a chunk for the writer, when one is full.
    package mutating func append(_ sound: ArraySlice<Int16>) -> [UInt8]? {
        let sound = sound.prefix(max(0, limit - samples))
        samples += sound.count
        detector.listen(sound)
        heldSilence = min(heldSilence, detector.silence)
        for sample in sound {
            chunk.append(UInt8(truncatingIfNeeded: sample >> 8))
            chunk.append(UInt8(truncatingIfNeeded: sample))
        }
        return chunk.count >= rate * 2 / 5 ? takeChunk() : nil
    }

    mutating func takeChunk() -> [UInt8] {
        defer { chunk = [] }
        return chunk
    }

    /// Whether the warning tone is due; asked until it was once.
    mutating func isWarningDue() -> Bool {
        let warning = Int(parameters.warning.nanoseconds / 1_000_000) * rate / 1000
        guard !hasWarned, warning > 0, limit > 2 * warning, samples >= limit - warning else {
            return false
        }
        hasWarned = true
        return true
    }

    /// Why the recording is over at `now`; nil while it goes on. A hold is no silence of the caller's.
    package func ending(at now: Instant, isHeld: Bool) -> RecordingSummary.Ending? {
        if samples >= limit { return .maximumLength }
        guard !isHeld else { return now - lastArrival >= Recorder.longestHold ? .mediaLost : nil }
        let silence = Int(parameters.maximumSilence.nanoseconds / 1_000_000) * rate / 1000
        // Packets that are not sent (silence suppression) are silence too.
        let quiet = (now - lastPacket).nanoseconds
        if quiet >= parameters.maximumSilence.nanoseconds { return .mediaLost }
        let unsent = Int(max(0, quiet) / 1_000_000) * rate / 1000
        return detector.silence - heldSilence + unsent >= silence ? .silence : nil
    }

    var verdict: MessageVerdict { detector.verdict(samples: samples) }
}
