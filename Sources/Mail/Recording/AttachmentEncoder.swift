internal import CSndfile
internal import CSoxr
internal import Spool

/// Makes the attachment of a recording: nothing beside what was said, the level of speech made even.
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
        survey = try RecordingSurvey(file, speech: speech)
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
        try encode(form, rate: form.format == .g711 ? 8000 : outputRate(form), limit: limit)
    }

    /// A WAV file of a fixed rate, as recognisers of speech take it.
    package borrowing func wave(rate: Int) throws(MailError) -> [UInt8] {
        try encode(RecordingForm(.wav), rate: rate, limit: .max) ?? []
    }

    private borrowing func encode(
        _ form: RecordingForm, rate: Int, limit: Int
    ) throws(MailError) -> [UInt8]? {
        // What can be known before is not tried.
        let known = Double(form.bitRate ?? (form.format == .wav ? 16 * rate : 0)) / 8
        if known * seconds > Double(limit) && form.format != .opus { return nil }
        let sink = SoundSink(limit: limit)
        guard let writer = SoundWriter(sink, form: form, rate: rate) else {
            throw .encoding(format: "\(form)", cause: String(cString: sf_strerror(nil)))
        }
        var converter = rate == file.rate ? nil : RateConverter(from: file.rate, to: rate)
        var scaled: [Int16] = []
        try file.forEachBlock(of: 4096, in: survey.range) { block throws(MailError) in
            guard !sink.isOver else { return }
            scaled.removeAll(keepingCapacity: true)
            for index in block.indices { scaled.append(survey.scaled(block[index])) }
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
