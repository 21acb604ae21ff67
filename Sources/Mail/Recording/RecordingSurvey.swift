import Glibc

/// What of a recording goes into the mail, and how much louder.
///
/// The level of each 20 ms is counted, so that a survey of hours needs no more memory than one of
/// seconds.
package struct RecordingSurvey: Sendable, Equatable {
    /// The samples where speech was found (docs/decisions/0018); all of them where nobody looked.
    package let range: Range<Int>
    /// Factor that brings speech to ``target``.
    package let gain: Float

    /// RMS of speech, dBFS.
    static let target = -23.0
    static let maximumGain = 20.0
    /// What counts as speech, in dB beside the level of the loud parts: pauses are softer, clicks
    /// and knocks louder.
    private static let counted = -20...6
    /// dBFS below which nothing counts.
    private static let silence = -60
    /// Blocks that may be louder than the loud parts: a twentieth, half a second at most.
    private static func exceptions(of count: Int) -> Int { min(count / 20, 25) }

    /// - Parameter speech: the samples between which speech was found, beside which there are the
    ///   tones of a network, for example; nil: not looked for.
    init(_ file: borrowing AudioFile, speech: Range<Int>?) throws(MailError) {
        let all = 0..<file.samples
        let found = speech?.clamped(to: all) ?? all
        range = found.isEmpty ? all : found
        /// Number and energy of blocks by level in whole dB from ``silence`` to 0.
        var counts = [Int](repeating: 0, count: 1 - RecordingSurvey.silence)
        var energies = [Double](repeating: 0, count: counts.count)
        try file.forEachBlock(of: max(1, file.rate / 50), in: range) { block throws(MailError) in
            var energy = 0.0
            for position in block.indices {
                let value = Double(block[position]) / 32_768
                energy += value * value
            }
            energy /= Double(max(1, block.count))
            let level = Int((10 * log10(max(energy, 1e-10))).rounded(.down))
            guard level >= RecordingSurvey.silence else { return }
            counts[level - RecordingSurvey.silence] += 1
            energies[level - RecordingSurvey.silence] += energy
        }
        let exceptions = RecordingSurvey.exceptions(of: counts.reduce(0, +))
        var louder = 0
        let loud = counts.indices.last { index in
            louder += counts[index]
            return louder > exceptions
        }
        guard let loud else {
            gain = 1
            return
        }
        var (energy, count) = (0.0, 0)
        for index in counts.indices where RecordingSurvey.counted.contains(index - loud) {
            energy += energies[index]
            count += counts[index]
        }
        let level = 10 * log10(energy / Double(max(1, count)))
        gain = Float(pow(10, min(RecordingSurvey.maximumGain, RecordingSurvey.target - level) / 20))
    }

    /// A sample as it is in the mail.
    func scaled(_ sample: Int16) -> Int16 { Limiter.limited(Float(sample) * gain) }
}
