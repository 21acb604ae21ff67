import Playout

/// The source at one sample rate, and the encoders that take it at this rate.
final class RateStream {
    let sampleRate: Int
    let channels: Int
    /// Frames at this rate that come before the track's first.
    let leadIn: Int
    var encoders: [FormatEncoder] = []
    private let mixes: Bool
    private var resampler: Resampler
    // Kept from block to block for their memory.
    private var mixed: [Float] = []
    private var output: [Float] = []

    /// The resampler is told the frames and not the rates. A source that is no whole number of
    /// ticks is stretched by half a tick at most, so that each turn of it takes the same whole
    /// number of samples and the next begins exactly where this one ended.
    /// - Parameters:
    ///   - frames: of the source, which last `length`.
    ///   - leadIn: frames of the source that come before its first.
    ///   - kept: channels of the source; two become one before they are resampled if need be.
    init(
        frames: Int64, of length: MediaTime, leadIn: Int, of kept: Int, to sampleRate: Int,
        of channels: Int
    ) throws(PreparationError) {
        self.sampleRate = sampleRate
        self.channels = channels
        mixes = channels < kept
        let output = Double(length.ticks) * Double(sampleRate) / 8000
        self.leadIn = Int((Double(leadIn) * output / Double(frames)).rounded())
        resampler = try Resampler(from: Double(frames), to: output, channels: channels)
    }

    /// The streams that these formats take, each with its encoders.
    /// - Parameter encoder: makes that of the format of this index, given the frames that come
    ///   before the track's first.
    static func streams(
        to formats: [MediaFormat], frames: Int64, of length: MediaTime, leadIn: Int, kept: Int,
        encoder: (MediaFormat, _ index: Int, _ leadIn: Int) throws(PreparationError)
            -> FormatEncoder
    ) throws(PreparationError) -> [RateStream] {
        var streams: [RateStream] = []
        for (index, format) in formats.enumerated() {
            // The two forms of Opus share one resampler.
            let channels = format.sampleRate == 48000 ? kept : 1
            let found = streams.first {
                $0.sampleRate == format.sampleRate && $0.channels == channels
            }
            let stream: RateStream
            if let found {
                stream = found
            } else {
                stream = try RateStream(
                    frames: frames, of: length, leadIn: leadIn, of: kept, to: format.sampleRate,
                    of: channels)
                streams.append(stream)
            }
            stream.encoders.append(try encoder(format, index, stream.leadIn))
        }
        return streams
    }

    func feed(
        _ block: [Float], write: (Int, [UInt8]) throws(PreparationError) -> Void
    ) throws(PreparationError) {
        var output: [Float] = []
        swap(&output, &self.output)
        output.removeAll(keepingCapacity: true)
        if mixes {
            var mixed: [Float] = []
            swap(&mixed, &self.mixed)
            mix(block.span, into: &mixed)
            try resampler.process(mixed.span, into: &output)
            self.mixed = mixed
        } else {
            try resampler.process(block.span, into: &output)
        }
        for encoder in encoders {
            try encoder.feed(output.span, channels: channels, write: write)
        }
        self.output = output
    }

    func finish(
        write: (Int, [UInt8]) throws(PreparationError) -> Void
    ) throws(PreparationError) {
        var output: [Float] = []
        try resampler.finish(into: &output)
        for encoder in encoders {
            try encoder.feed(output.span, channels: channels, write: write)
            try encoder.finish()
        }
    }
}
