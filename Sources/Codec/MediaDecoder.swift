import COpus
import CSpandsp
package import Playout

/// Decodes the RTP payloads of one stream: those that ``MediaEncoder`` made, and anyone else's.
package struct MediaDecoder: ~Copyable {
    private enum Engine {
        case table
        case g722(OpaquePointer)
        case opus(OpaquePointer)
    }

    package let format: MediaFormat
    private let engine: Engine

    /// Samples a second and channel that come out.
    package let sampleRate: Int

    /// - Parameter opusRate: samples a second that Opus is decoded to: 8000, 12000, 16000, 24000 or
    ///   48000 (RFC 6716 §2); nil: 48000. Other formats have their own.
    package init(_ format: MediaFormat, opusRate: Int? = nil) throws(CodecError) {
        self.format = format
        let isOpus = format == .opusMono || format == .opusStereo
        sampleRate = isOpus ? opusRate ?? format.sampleRate : format.sampleRate
        switch format {
        case .pcmu, .pcma, .l16At8000, .l16At16000, .l16At44100, .l16At48000:
            engine = .table
        case .g722:
            guard let state = g722_decode_init(nil, 64000, 0) else {
                throw .library(call: "g722_decode_init", code: 0, text: "no memory")
            }
            engine = .g722(state)
        case .opusMono, .opusStereo:
            var code: Int32 = 0
            guard
                let decoder = opus_decoder_create(
                    Int32(sampleRate), Int32(format.channels), &code)
            else { throw CodecError(opus: "opus_decoder_create", code) }
            engine = .opus(decoder)
        }
    }

    deinit {
        switch engine {
        case .table: break
        case .g722(let state): g722_decode_free(state)
        case .opus(let decoder): opus_decoder_destroy(decoder)
        }
    }

    /// Appends the sound of one RTP payload, channels interleaved. For Opus that is any packet of
    /// RFC 6716, with as many channels coming out as the format has.
    package mutating func decode(
        _ payload: Span<UInt8>, into output: inout [Int16]
    ) throws(CodecError) {
        switch engine {
        case .table:
            switch format {
            case .pcmu:
                for i in payload.indices { output.append(G711.sample(muLaw: payload[i])) }
            case .pcma:
                for i in payload.indices { output.append(G711.sample(aLaw: payload[i])) }
            default:
                guard payload.count % (2 * format.channels) == 0 else {
                    throw .malformedPayload(octets: payload.count)
                }
                for i in stride(from: 0, to: payload.count, by: 2) {
                    let bits = UInt16(payload[i]) << 8 | UInt16(payload[i + 1])
                    output.append(Int16(bitPattern: bits))
                }
            }
        case .g722(let state):
            let start = output.count
            output.append(contentsOf: repeatElement(0, count: payload.count * 2))
            payload.withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { buffer in
                    guard let source = input.baseAddress, let base = buffer.baseAddress else {
                        return
                    }
                    _ = g722_decode(state, base + start, source, Int32(input.count))
                }
            }
        case .opus(let decoder):
            guard !payload.isEmpty else { throw .malformedPayload(octets: 0) }
            let code = payload.withUnsafeBufferPointer { input in
                decodeOpus(
                    decoder, input.baseAddress, Int32(input.count),
                    samples: MediaDecoder.longestPacket, recovers: false, into: &output)
            }
            guard code >= 0 else { throw CodecError(opus: "opus_decode", code) }
        }
    }

    /// Appends a guess at `samples` per channel of sound that was lost on the way.
    ///
    /// Opus continues what it played, or takes the copy of it that `next`, the packet after the
    /// gap, may carry (in-band FEC); it needs multiples of 2.5 ms. Others give silence.
    package mutating func conceal(
        samples: Int, next: Span<UInt8>? = nil, into output: inout [Int16]
    ) throws(CodecError) {
        guard case .opus(let decoder) = engine else {
            output.append(contentsOf: repeatElement(0, count: samples * format.channels))
            return
        }
        let code: Int32
        if let next {
            code = next.withUnsafeBufferPointer { input in
                decodeOpus(
                    decoder, input.baseAddress, Int32(input.count), samples: samples,
                    recovers: true, into: &output)
            }
        } else {
            code = decodeOpus(decoder, nil, 0, samples: samples, recovers: false, into: &output)
        }
        guard code >= 0 else { throw CodecError(opus: "opus_decode", code) }
    }

    /// 120 ms at 48 kHz, the most that an Opus packet may hold (RFC 6716 §3.2.5).
    private static let longestPacket = 5760

    /// - Returns: samples per channel that were appended, or the library's error code.
    private func decodeOpus(
        _ decoder: OpaquePointer, _ payload: UnsafePointer<UInt8>?, _ length: Int32, samples: Int,
        recovers: Bool, into output: inout [Int16]
    ) -> Int32 {
        let channels = format.channels
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: samples * channels))
        let decoded = output.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return OPUS_INTERNAL_ERROR }
            return opus_decode(
                decoder, payload, length, base + start, Int32(samples), recovers ? 1 : 0)
        }
        output.removeLast((samples - max(0, Int(decoded))) * channels)
        return decoded
    }
}
