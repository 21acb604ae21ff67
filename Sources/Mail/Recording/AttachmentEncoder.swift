internal import CSndfile
internal import CSoxr
internal import Spool

/// Makes the attachment of a recording: silence at the ends trimmed, the level of speech made even.
/// The recording itself stays as it is.
///
/// Sound goes through in blocks: in memory is the result alone, which has a limit.
package struct AttachmentEncoder: ~Copyable {
    private let file: AudioFile
    package let survey: RecordingSurvey

    /// Reads the recording once to learn its levels.
    ///
    /// - Parameter speech: the samples between which speech was found; nil: not looked for.
    package init(path: String, speech: Range<Int>? = nil) throws(MailError) {
        let file = try AudioFile(path: path)
        let all = 0..<file.samples
        let bounds = speech?.clamped(to: all) ?? all
        survey = try RecordingSurvey(file, within: bounds.isEmpty ? all : bounds)
        self.file = file
    }

    /// Length of what is attached.
    package var seconds: Double { Double(survey.range.count) / Double(file.rate) }

    /// The octets of a file.
    ///
    /// - Returns: nil when it would have more than `limit` octets.
    package borrowing func encode(
        _ form: RecordingForm, limit: Int
    ) throws(MailError) -> [UInt8]? {
        let rate = form.format == .g711 ? 8000 : outputRate(form)
        // What can be known before is not tried.
        let known = Double(form.bitRate ?? (form.format == .wav ? 16 * rate : 0)) / 8
        if known * seconds > Double(limit) && form.format != .opus { return nil }
        let sink = SoundSink(limit: limit)
        guard let writer = SoundWriter(sink, form: form, rate: rate) else {
            throw .encoding(format: "\(form)", cause: String(cString: sf_strerror(nil)))
        }
        var converter = rate == file.rate ? nil : RateConverter(from: file.rate, to: rate)
        let gain = survey.gain
        var scaled: [Int16] = []
        try file.forEachBlock(of: 4096, in: survey.range) { block throws(MailError) in
            guard !sink.isOver else { return }
            scaled.removeAll(keepingCapacity: true)
            for index in block.indices {
                let value = (Float(block[index]) * gain).rounded()
                scaled.append(Int16(max(-32_768, min(32_767, value))))
            }
            if converter != nil { scaled = converter?.convert(scaled) ?? [] }
            try writer.write(scaled)
        }
        if let rest = converter?.finish() { try writer.write(rest) }
        writer.close()
        return sink.isOver ? nil : sink.octets
    }

    /// Opus knows five rates; the others take any that a call has.
    private borrowing func outputRate(_ form: RecordingForm) -> Int {
        guard form.format == .opus else { return file.rate }
        return [8000, 12_000, 16_000, 24_000, 48_000].first { $0 >= file.rate } ?? 48_000
    }
}
