import Glibc

/// What of a recording goes into the mail, and how much louder.
///
/// The level of each 20 ms is counted, so that a survey of hours needs no more memory than one of
/// seconds.
package struct RecordingSurvey: Sendable, Equatable {
    /// Samples without the silence before and after: all where there is nothing but silence.
    package private(set) var range: Range<Int> = 0..<0
    /// Factor that brings speech to ``target``.
    package private(set) var gain: Float = 1

    /// Silence that stays before and after, in seconds.
    static let margin = 0.2
    /// RMS of the parts with sound, dBFS.
    static let target = -23.0
    /// Peak that is not exceeded, dBFS.
    static let peakLimit = -1.0
    static let maximumGain = 20.0
    /// What is softer than this below the loud parts is silence, but between these bounds always
    /// and never: a room's noise can be trimmed, a soft voice can't.
    private static let depth = 35.0
    private static let silence = -60 ... -48

    /// - Parameter speech: the samples between which speech was found, beside which there are the
    ///   tones of a network, for example; nil: not looked for.
    init(_ file: borrowing AudioFile, speech: Range<Int>?) throws(MailError) {
        let all = 0..<file.samples
        let bounds = speech?.clamped(to: all) ?? all
        try self.init(file, within: bounds.isEmpty ? all : bounds)
    }

    private init(_ file: borrowing AudioFile, within bounds: Range<Int>) throws(MailError) {
        let size = max(1, file.rate / 50)
        /// Blocks by level in whole dB, and the first and the last at or above it.
        var counts = [Int](repeating: 0, count: 101)
        var energies = [Double](repeating: 0, count: 101)
        var first = [Int?](repeating: nil, count: 101)
        var last = [Int](repeating: 0, count: 101)
        var peak = 0
        var index = 0
        try file.forEachBlock(of: size, in: bounds) { block throws(MailError) in
            var energy = 0.0
            for position in block.indices {
                let value = Int(block[position])
                energy += Double(value * value)
                peak = max(peak, abs(value))
            }
            let mean = energy / Double(max(1, block.count)) / (32_768 * 32_768)
            let level = min(0, max(-100, Int((10 * log10(max(mean, 1e-10))).rounded(.down))))
            counts[level + 100] += 1
            energies[level + 100] += mean
            if first[level + 100] == nil { first[level + 100] = index }
            last[level + 100] = index
            index += 1
        }
        guard index > 0 else { return }
        // The level that a twentieth of the blocks reach.
        var loud = 100
        var above = counts[100]
        while above * 20 < index && loud > 0 {
            loud -= 1
            above += counts[loud]
        }
        let threshold = min(
            RecordingSurvey.silence.upperBound,
            max(RecordingSurvey.silence.lowerBound, loud - 100 - Int(RecordingSurvey.depth)))
        let sounding = (threshold + 100)...100
        guard let start = sounding.compactMap({ first[$0] }).min() else {
            range = bounds
            return
        }
        let end = sounding.map { last[$0] }.max() ?? start
        let margin = Int(RecordingSurvey.margin * Double(file.rate))
        let from = bounds.lowerBound + start * size - margin
        let to = bounds.lowerBound + (end + 1) * size + margin
        range = max(bounds.lowerBound, from)..<min(bounds.upperBound, to)
        let active = sounding.reduce((0.0, 0)) { ($0.0 + energies[$1], $0.1 + counts[$1]) }
        let level = 10 * log10(max(active.0 / Double(max(1, active.1)), 1e-10))
        let headroom = RecordingSurvey.peakLimit - 20 * log10(max(Double(peak), 1) / 32_768)
        let wanted = min(RecordingSurvey.maximumGain, RecordingSurvey.target - level, headroom)
        gain = Float(pow(10, wanted / 20))
    }

    /// A sample as it is in the mail.
    func scaled(_ sample: Int16) -> Int16 {
        Int16(max(-32_768, min(32_767, (Float(sample) * gain).rounded())))
    }
}
