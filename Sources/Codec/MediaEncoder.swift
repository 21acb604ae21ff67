import COpus
import CSpandsp
package import Playout

/// Encodes sound into what a ``Playout/MediaFormat`` holds, without RTP payload prefixes.
///
/// Opus is made by the CELT layer alone in 10 ms frames of one size, each of which can be decoded
/// without the one before it but for 2.5 ms of overlap: frames can then be joined, skipped and
/// repeated freely, which is what a playlist with thousands of listeners needs.
package struct MediaEncoder: ~Copyable {
    private enum Engine {
        case table
        case g722(OpaquePointer)
        case opus(OpaquePointer)
    }

    package let format: MediaFormat
    private let engine: Engine
    /// Samples per channel by which a decoder's output lags behind what was encoded.
    package let delay: Int

    /// - Parameter complexity: how hard Opus tries, 0 to 10.
    package init(_ format: MediaFormat, complexity: Int = 5) throws(CodecError) {
        self.format = format
        switch format {
        case .pcmu, .pcma, .l16At8000, .l16At16000, .l16At44100, .l16At48000:
            engine = .table
            delay = 0
        case .g722:
            guard let state = g722_encode_init(nil, 64000, 0) else {
                throw .library(call: "g722_encode_init", code: 0, text: "no memory")
            }
            engine = .g722(state)
            // The two halves of the quadrature mirror filter (G.722 §3).
            delay = 22
        case .opusMono, .opusStereo:
            var code: Int32 = 0
            guard
                let encoder = opus_encoder_create(
                    Int32(format.sampleRate), Int32(format.channels),
                    OPUS_APPLICATION_RESTRICTED_LOWDELAY, &code)
            else { throw CodecError(opus: "opus_encoder_create", code) }
            let bitrate = (format.octetsPerUnit + 1) * 8 * 100
            var lookahead: Int32 = 0
            let codes = [
                copus_set_vbr(encoder, 0),
                copus_set_bitrate(encoder, Int32(bitrate)),
                copus_set_complexity(encoder, Int32(complexity)),
                copus_set_bandwidth(encoder, OPUS_BANDWIDTH_FULLBAND),
                copus_set_force_channels(encoder, Int32(format.channels)),
                copus_set_prediction_disabled(encoder, 1),
                copus_get_lookahead(encoder, &lookahead),
            ]
            if let failed = codes.first(where: { $0 != OPUS_OK }) {
                opus_encoder_destroy(encoder)
                throw CodecError(opus: "opus_encoder_ctl", failed)
            }
            engine = .opus(encoder)
            delay = Int(lookahead)
        }
    }

    deinit {
        switch engine {
        case .table: break
        case .g722(let state): g722_encode_free(state)
        case .opus(let encoder): opus_encoder_destroy(encoder)
        }
    }

    /// Samples per channel of the smallest piece that can be encoded.
    package var samplesPerBlock: Int {
        switch engine {
        case .table: 1
        case .g722: 2
        case .opus: 480
        }
    }

    /// Appends the code of `samples`, whole blocks with their channels interleaved.
    package mutating func encode(
        _ samples: Span<Int16>, into output: inout [UInt8]
    ) throws(CodecError) {
        guard samples.count % (samplesPerBlock * format.channels) == 0 else {
            throw .partialBlock(samples: samples.count)
        }
        switch engine {
        case .table:
            output.reserveCapacity(
                output.count + samples.count * (format.octetsPerUnit > 1 ? 2 : 1))
            switch format {
            case .pcmu: for i in samples.indices { output.append(G711.muLaw(samples[i])) }
            case .pcma: for i in samples.indices { output.append(G711.aLaw(samples[i])) }
            default:
                for i in samples.indices {
                    output.append(UInt8(truncatingIfNeeded: samples[i] >> 8))
                    output.append(UInt8(truncatingIfNeeded: samples[i]))
                }
            }
        case .g722(let state):
            let start = output.count
            output.append(contentsOf: repeatElement(0, count: samples.count / 2))
            let written = samples.withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { buffer -> Int32 in
                    guard let source = input.baseAddress, let base = buffer.baseAddress else {
                        return 0
                    }
                    return g722_encode(state, base + start, source, Int32(input.count))
                }
            }
            guard Int(written) == samples.count / 2 else {
                throw .library(call: "g722_encode", code: written, text: "wrong length")
            }
        case .opus(let encoder):
            try encodeOpus(samples, into: &output) { source, buffer in
                opus_encode(encoder, source, 480, buffer, Int32(MediaEncoder.largestFrame))
            }
        }
    }

    /// Appends the code of `samples` in -1…1, whole blocks with their channels interleaved.
    /// All but Opus round them to 16 bits first, without dither.
    package mutating func encode(
        _ samples: Span<Float>, into output: inout [UInt8]
    ) throws(CodecError) {
        guard case .opus(let encoder) = engine else {
            var rounded: [Int16] = []
            rounded.reserveCapacity(samples.count)
            for i in samples.indices { rounded.append(Int16(saturating: samples[i] * 32768)) }
            return try encode(rounded.span, into: &output)
        }
        guard samples.count % (samplesPerBlock * format.channels) == 0 else {
            throw .partialBlock(samples: samples.count)
        }
        try encodeOpus(samples, into: &output) { source, buffer in
            opus_encode_float(encoder, source, 480, buffer, Int32(MediaEncoder.largestFrame))
        }
    }

    private static let largestFrame = 256

    private func encodeOpus<Sample>(
        _ samples: Span<Sample>, into output: inout [UInt8],
        frame encode: (UnsafePointer<Sample>, UnsafeMutablePointer<UInt8>) -> Int32
    ) throws(CodecError) {
        let step = samplesPerBlock * format.channels
        let toc = format.payloadPrefix(packetTime: 10).first
        let size = format.octetsPerUnit
        let failure = samples.withUnsafeBufferPointer { input -> CodecError? in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: MediaEncoder.largestFrame) {
                frame -> CodecError? in
                guard let source = input.baseAddress, let target = frame.baseAddress else {
                    return nil
                }
                for at in stride(from: 0, to: input.count, by: step) {
                    let length = encode(source + at, target)
                    guard length > 0 else { return CodecError(opus: "opus_encode", length) }
                    guard Int(length) == size + 1, target[0] == toc else {
                        return .unexpectedFrame(octets: Int(length), toc: target[0])
                    }
                    output.append(contentsOf: frame[1...size])
                }
                return nil
            }
        }
        if let failure { throw failure }
    }
}

extension CodecError {
    init(opus call: String, _ code: Int32) {
        self = .library(call: call, code: code, text: String(cString: opus_strerror(code)))
    }
}
