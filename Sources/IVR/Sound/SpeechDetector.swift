import Glibc

/// Tells speech from silence, noise and tones as sound arrives, window by window of 32 ms.
///
/// A window is like speech when it stands out from the quieter ones of the last seconds and its
/// spectrum is neither one of a few lines (tones) nor flat (noise), nor the same all the time
/// (signals). Speech is where eight such windows come within a second.
package struct SpeechDetector: Sendable {
    /// Samples of one window at the detector's own 8 kHz.
    private static let window = Spectrum.size
    /// A second of windows.
    private static let second = 31
    private static let speechPerSecond = 8
    /// dB that speech stands out by, and its least level in dBFS.
    private static let margin: Float = 8
    private static let quietest: Float = -55
    /// Kept beside speech, in windows: 0.5 s.
    private static let margins = 16

    private let step: Int
    private var carry: [Int16] = []
    private var floor = NoiseFloor()
    private var steady = SteadySound()
    private var filter = HighPass()
    private var likeSpeech: [Bool] = []
    /// Number of the next window.
    private var index = 0
    private var toneWindows = 0
    /// How often each line of the spectrum was the strongest of a tone.
    private var lines: [Int] = []
    private var loudWindows = 0
    private var firstSpeech: Int?
    private var lastSpeech: Int?
    /// The window after the last one that is no tone.
    private var lastOther = 0
    private var wasOther = false

    /// - Parameter rate: samples a second; of 8 kHz and its multiples every one is used.
    package init(rate: Int) {
        step = max(1, rate / 8000)
    }

    /// Samples of the recording since speech was heard last; all of them when there was none.
    package var silence: Int {
        let end = index * SpeechDetector.window + carry.count / step
        guard let lastSpeech else { return end * step }
        return max(0, end - (lastSpeech + 1) * SpeechDetector.window) * step
    }

    package mutating func listen(_ samples: ArraySlice<Int16>) {
        carry.append(contentsOf: samples)
        let width = SpeechDetector.window * step
        var at = 0
        while carry.count - at >= width {
            judge(narrow(carry[at..<(at + width)]))
            at += width
        }
        carry.removeFirst(at)
    }

    private func narrow(_ samples: ArraySlice<Int16>) -> [Float] {
        var output = [Float](repeating: 0, count: SpeechDetector.window)
        var i = samples.startIndex
        for n in 0..<SpeechDetector.window {
            var sum: Float = 0
            for _ in 0..<step {
                sum += Float(samples[i])
                i += 1
            }
            output[n] = sum / (32768 * Float(step))
        }
        return output
    }

    private mutating func judge(_ window: [Float]) {
        var samples = window
        filter.filter(&samples)
        var power: Float = 0
        for sample in samples { power += sample * sample }
        let level = 10 * log10f(power / Float(samples.count) + 1e-10)
        let quiet = floor.level
        floor.take(level)
        var isLikeSpeech = false
        var isTone = false
        if level > SpeechDetector.quietest {
            loudWindows += 1
            let spectrum = Spectrum(samples)
            let isSteady = steady.takes(spectrum.shape)
            isTone = isSteady || spectrum.concentration > 0.85
            if isTone {
                toneWindows += 1
                count(spectrum.strongest)
            } else {
                isLikeSpeech =
                    level > quiet + SpeechDetector.margin && spectrum.flatness < 0.35
            }
        }
        // One window alone is the edge of a tone.
        let isOther = !isTone && level > SpeechDetector.quietest
        if isOther && wasOther { lastOther = index + 1 }
        wasOther = isOther
        note(isLikeSpeech)
        index += 1
    }

    private mutating func count(_ line: Int) {
        if lines.isEmpty { lines = [Int](repeating: 0, count: Spectrum.size / 2) }
        lines[line] += 1
    }

    /// In Hz, to half a line of the spectrum (16 Hz).
    private var frequency: Int? {
        lines.indices.max { lines[$0] < lines[$1] }.map { $0 * 8000 / Spectrum.size }
    }

    private mutating func note(_ isLikeSpeech: Bool) {
        if likeSpeech.count == SpeechDetector.second { likeSpeech.removeFirst() }
        likeSpeech.append(isLikeSpeech)
        guard isLikeSpeech,
            likeSpeech.count(where: \.self) >= SpeechDetector.speechPerSecond
        else { return }
        lastSpeech = index
        if firstSpeech == nil {
            let before = likeSpeech.firstIndex(of: true) ?? 0
            firstSpeech = index - (likeSpeech.count - 1 - before)
        }
    }

    /// What all that was heard comes to.
    package func verdict(samples total: Int) -> MessageVerdict {
        let width = SpeechDetector.window * step
        guard let firstSpeech, let lastSpeech else {
            let kind: MessageVerdict.Kind =
                loudWindows < SpeechDetector.speechPerSecond
                ? .silence : 2 * toneWindows >= loudWindows ? .tone : .noise
            var verdict = MessageVerdict(
                kind: kind, speech: 0..<total, length: min(total, lastOther * width))
            if kind == .tone { verdict.frequency = frequency }
            return verdict
        }
        let start = max(0, firstSpeech - SpeechDetector.margins) * width
        let end = min(total, (lastSpeech + 1 + SpeechDetector.margins) * width)
        // Without tones at the end the caller hung up where the recording ends.
        let hasToneAtEnd = lastOther * width + 4 * width < total && toneWindows > 4
        return MessageVerdict(
            kind: .speech, speech: min(start, end)..<end,
            length: hasToneAtEnd ? min(total, max(end, lastOther * width)) : total)
    }
}
