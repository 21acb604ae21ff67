package import FoundationEssentials

/// A recording for people's programs: `audio.au` as WAV.
package enum RecordingExport {
    /// - Parameter recording: an `audio.au`, be its header finished or not.
    /// - Returns: nil when it is none.
    package static func wave(_ recording: Data) -> Data? {
        let header = Array(recording.prefix(24))
        let samples = AudioLength.samples(header: header, fileSize: recording.count)
        guard header.count == 24, samples > 0 else { return nil }
        let start = header[4..<8].reduce(0) { $0 << 8 | Int($1) }
        let rate = header[16..<20].reduce(0) { $0 << 8 | UInt32($1) }
        var wave = Data("RIFF".utf8)
        func word(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { wave += $0 } }
        func half(_ value: UInt16) { withUnsafeBytes(of: value.littleEndian) { wave += $0 } }
        let size = UInt32(clamping: 2 * samples)
        word(36 &+ size)
        wave += Data("WAVEfmt ".utf8)
        word(16)
        half(1)
        half(1)
        word(rate)
        word(rate &* 2)
        half(2)
        half(16)
        wave += Data("data".utf8)
        word(size)
        let octets = recording.dropFirst(start).prefix(2 * samples)
        var index = octets.startIndex
        while index + 1 < octets.endIndex {
            wave.append(octets[index + 1])
            wave.append(octets[index])
            index += 2
        }
        return wave
    }
}
