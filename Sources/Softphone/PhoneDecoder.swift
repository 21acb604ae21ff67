import Codec
import Playout

/// A decoder that may be kept in a collection.
final class PhoneDecoder {
    private var decoder: MediaDecoder
    private let format: MediaFormat

    init(_ format: MediaFormat) throws(CodecError) {
        self.format = format
        decoder = try MediaDecoder(format)
    }

    func decode(_ payload: [UInt8], into samples: inout [Int16]) throws(CodecError) {
        try decoder.decode(payload.span, into: &samples)
    }

    /// Appends a guess at so many samples that never came; of a long pause the rest is silence.
    func conceal(_ count: Int, into samples: inout [Int16]) throws(CodecError) {
        // Opus conceals multiples of 2.5 ms; guesses beyond 100 ms are noise.
        let step = format.sampleRate / 400
        let guessed = min(count, format.sampleRate / 10) / step * step
        if guessed > 0 { try decoder.conceal(samples: guessed, into: &samples) }
        samples += repeatElement(0, count: count - guessed)
    }
}
