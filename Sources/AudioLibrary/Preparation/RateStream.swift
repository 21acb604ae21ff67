/// The source at one sample rate, and the encoders that take it at this rate.
final class RateStream {
    let sampleRate: Int
    let channels: Int
    var encoders: [FormatEncoder] = []
    private let mixes: Bool
    private var resampler: Resampler
    // Kept from block to block for their memory.
    private var mixed: [Float] = []
    private var output: [Float] = []

    /// - Parameters:
    ///   - kept: channels of the source; two become one before they are resampled if need be.
    init(
        from source: Int, of kept: Int, to sampleRate: Int, of channels: Int
    ) throws(PreparationError) {
        self.sampleRate = sampleRate
        self.channels = channels
        mixes = channels < kept
        resampler = try Resampler(from: source, to: sampleRate, channels: channels)
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
