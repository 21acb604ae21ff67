internal import CSndfile
internal import Spool

/// A sound file of one channel that is being written.
struct SoundWriter: ~Copyable {
    private let file: OpaquePointer
    private let sink: SoundSink
    private let form: RecordingForm

    /// Nil when libsndfile does not know the form: `sf_strerror(nil)` says why.
    init?(_ sink: SoundSink, form: RecordingForm, rate: Int) {
        var information = SF_INFO()
        information.samplerate = Int32(rate)
        information.channels = 1
        information.format = SoundWriter.code(of: form.format)
        guard let file = sink.open(&information) else { return nil }
        self.file = file
        self.sink = sink
        self.form = form
        switch form.format {
        case .mp3: setMP3(form.bitRate ?? (rate > 8000 ? 48_000 : 32_000), rate: rate)
        case .opus: setOpus(form.bitRate ?? (rate > 8000 ? 32_000 : 20_000))
        case .wav, .flac, .g711: break
        }
    }

    func write(_ samples: [Int16]) throws(MailError) {
        guard sf_writef_short(file, samples, sf_count_t(samples.count)) == samples.count else {
            throw .encoding(format: "\(form)", cause: String(cString: sf_strerror(file)))
        }
    }

    consuming func close() {}

    deinit { sf_close(file) }

    /// libsndfile puts the bit rate between the least and the most that MPEG has at a sample rate,
    /// by a level from 0 (most) to 1.
    private func setMP3(_ bitRate: Int, rate: Int) {
        let (least, most) =
            switch rate {
            case 32_000...: (32_000, 320_000)
            case 16_000...: (8000, 160_000)
            default: (8000, 64_000)
            }
        var mode = Int32(SF_BITRATE_MODE_CONSTANT)
        sf_command(file, Int32(SFC_SET_BITRATE_MODE), &mode, Int32(MemoryLayout<Int32>.size))
        setLevel(Double(most - bitRate) / Double(most - least))
    }

    /// libsndfile's levels for Opus stand for 256 (0) to 6 kbit/s (1) a channel.
    private func setOpus(_ bitRate: Int) { setLevel(1 - Double(bitRate - 6000) / 250_000) }

    private func setLevel(_ level: Double) {
        var level = max(0, min(1, level))
        sf_command(
            file, Int32(SFC_SET_COMPRESSION_LEVEL), &level, Int32(MemoryLayout<Double>.size))
    }

    private static func code(of format: AttachmentFormat) -> Int32 {
        let (container, encoding) =
            switch format {
            case .wav: (SF_FORMAT_WAV, SF_FORMAT_PCM_16)
            case .flac: (SF_FORMAT_FLAC, SF_FORMAT_PCM_16)
            case .mp3: (SF_FORMAT_MPEG, SF_FORMAT_MPEG_LAYER_III)
            case .opus: (SF_FORMAT_OGG, SF_FORMAT_OPUS)
            case .g711: (SF_FORMAT_WAV, SF_FORMAT_ULAW)
            }
        return Int32(container | encoding)
    }
}
