/// A recording as a WAV file that is made while it is read: 16-bit samples, trimmed and of even
/// level as an attachment, but never whole in memory.
///
/// Any thread may read at any time.
package final class WaveReader: Sendable {
    private let file: AudioFile
    private let survey: RecordingSurvey
    private let header: [UInt8]

    /// Reads the recording once to learn its levels.
    ///
    /// - Parameter speech: the samples between which speech was found; nil: not looked for.
    package init(path: String, speech: Range<Int>?) throws(MailError) {
        let file = try AudioFile(path: path)
        survey = try RecordingSurvey(file, speech: speech)
        header = WaveReader.header(samples: survey.range.count, rate: file.rate)
        self.file = file
    }

    /// Octets of the whole.
    package var size: Int { header.count + 2 * survey.range.count }

    /// The octets of `range`, which is cut to what there is.
    package func read(_ range: Range<Int>) throws(MailError) -> [UInt8] {
        let range = range.clamped(to: 0..<size)
        var octets = Array(header[range.clamped(to: 0..<header.count)])
        let sound = (range.lowerBound - header.count)..<(range.upperBound - header.count)
        let wanted = sound.clamped(to: 0..<(2 * survey.range.count))
        guard !wanted.isEmpty else { return octets }
        // Whole samples, of which the first and the last may be wanted by half.
        let samples = (wanted.lowerBound / 2)..<((wanted.upperBound + 1) / 2)
        var made: [UInt8] = []
        made.reserveCapacity(2 * samples.count)
        let offset = survey.range.lowerBound
        try file.forEachBlock(
            of: 4096, in: (samples.lowerBound + offset)..<(samples.upperBound + offset)
        ) { block throws(MailError) in
            for index in block.indices {
                let value = UInt16(bitPattern: survey.scaled(block[index]))
                made.append(UInt8(truncatingIfNeeded: value))
                made.append(UInt8(truncatingIfNeeded: value >> 8))
            }
        }
        octets += made.dropFirst(wanted.lowerBound & 1).prefix(wanted.count)
        return octets
    }

    /// RIFF with its chunks `fmt ` and `data`.
    private static func header(samples: Int, rate: Int) -> [UInt8] {
        func word(_ value: Int) -> [UInt8] {
            withUnsafeBytes(of: UInt32(clamping: value).littleEndian) { Array($0) }
        }
        return Array("RIFF".utf8) + word(36 + 2 * samples) + Array("WAVEfmt ".utf8) + word(16)
            + [1, 0, 1, 0] + word(rate) + word(2 * rate) + [2, 0, 16, 0] + Array("data".utf8)
            + word(2 * samples)
    }
}
