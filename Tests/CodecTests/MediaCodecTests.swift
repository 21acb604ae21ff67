import Codec
import Glibc
import Playout
import Testing

@Suite struct MediaCodecTests {
    /// A sweep from 100 Hz to 0.4 of the sample rate: its autocorrelation has one clear peak.
    static func sweep(_ format: MediaFormat, seconds: Double) -> [Int16] {
        let rate = Double(format.sampleRate)
        let count = Int(rate * seconds) / 480 * 480
        let top = min(rate * 0.4, 6000)
        return (0..<count).flatMap { i -> [Int16] in
            let t = Double(i) / rate
            let phase = 2 * Double.pi * (100 * t + (top - 100) * t * t / (2 * seconds))
            let sample = Int16(8000 * sin(phase))
            return Array(repeating: sample, count: format.channels)
        }
    }

    static func decode(_ format: MediaFormat, _ samples: [Int16]) throws -> [Int16] {
        var encoder = try MediaEncoder(format)
        var code: [UInt8] = []
        try encoder.encode(samples.span, into: &code)
        var decoder = try MediaDecoder(format)
        var output: [Int16] = []
        let step = format == .opusMono || format == .opusStereo ? format.octetsPerUnit : code.count
        for at in stride(from: 0, to: code.count, by: step) {
            let payload =
                (step == code.count ? [] : format.payloadPrefix(packetTime: 10))
                + code[at..<at + step]
            try decoder.decode(payload.span, into: &output)
        }
        return output
    }

    /// Signal to noise in dB of `decoded` against `samples` that come `delay` later.
    static func quality(_ samples: [Int16], _ decoded: [Int16], delay: Int) -> Double {
        var signal = 0.0
        var noise = 0.0
        for i in samples.count / 8..<samples.count * 7 / 8 {
            let s = Double(samples[i])
            let d = Double(decoded[i + delay]) - s
            signal += s * s
            noise += d * d
        }
        return 10 * log10(signal / max(noise, 1e-9))
    }

    @Test(arguments: MediaFormat.allCases)
    func decodesToWhatWasEncoded(_ format: MediaFormat) throws {
        let samples = Self.sweep(format, seconds: 1)
        let decoded = try Self.decode(format, samples)
        #expect(decoded.count == samples.count)
        let least =
            switch format {
            case .pcmu, .pcma: 35.0
            case .g722: 20.0
            case .opusMono, .opusStereo: 18.0
            default: 120.0
            }
        let delay = try MediaEncoder(format).delay * format.channels
        let quality = Self.quality(samples, decoded, delay: delay)
        #expect(quality >= least, "\(format)")
        // At every other delay nearby it is worse, so the delay is right to the sample.
        for other in -4...4 where other != 0 && delay + other * format.channels >= 0 {
            #expect(
                Self.quality(samples, decoded, delay: delay + other * format.channels) < quality)
        }
    }

    @Test(arguments: [MediaFormat.opusMono, .opusStereo], [10, 20, 30, 40, 60])
    func framesMakePacketsOfEveryTime(_ format: MediaFormat, _ milliseconds: Int) throws {
        let samples = Self.sweep(format, seconds: 0.24)
        var encoder = try MediaEncoder(format)
        var code: [UInt8] = []
        try encoder.encode(samples.span, into: &code)
        #expect(code.count == 24 * format.octetsPerUnit)
        let size = milliseconds / 10 * format.octetsPerUnit
        var decoder = try MediaDecoder(format)
        var output: [Int16] = []
        for at in stride(from: 0, to: code.count - size + 1, by: size) {
            let payload = format.payloadPrefix(packetTime: milliseconds) + code[at..<at + size]
            let before = output.count
            try decoder.decode(payload.span, into: &output)
            #expect(output.count - before == milliseconds * 48 * format.channels)
        }
    }

    @Test func opusFramesStandAlone() throws {
        // Frames 0 to 49, then 50 to 99 by a decoder that never saw the first half: after the
        // overlap with what came before, it hears the same.
        let samples = Self.sweep(.opusMono, seconds: 1)
        let whole = try Self.decode(.opusMono, samples)
        var encoder = try MediaEncoder(.opusMono)
        var code: [UInt8] = []
        try encoder.encode(samples.span, into: &code)
        var decoder = try MediaDecoder(.opusMono)
        var late: [Int16] = []
        let size = MediaFormat.opusMono.octetsPerUnit
        for frame in 50..<100 {
            let payload =
                MediaFormat.opusMono.payloadPrefix(packetTime: 10)
                + code[frame * size..<(frame + 1) * size]
            try decoder.decode(payload.span, into: &late)
        }
        let difference = (480..<late.count).map { abs(Int(late[$0]) - Int(whole[24000 + $0])) }
            .max()
        #expect((difference ?? 0) < 200)
    }

    @Test func opusConcealsALostPacket() throws {
        let samples = Self.sweep(.opusMono, seconds: 0.2)
        var encoder = try MediaEncoder(.opusMono)
        var code: [UInt8] = []
        try encoder.encode(samples.span, into: &code)
        var decoder = try MediaDecoder(.opusMono)
        var output: [Int16] = []
        let payload = MediaFormat.opusMono.payloadPrefix(packetTime: 20) + code[..<158]
        try decoder.decode(payload.span, into: &output)
        try decoder.conceal(samples: 960, into: &output)
        #expect(output.count == 1920)
        #expect(output[960...].contains { abs(Int($0)) > 1000 })
    }

    @Test(arguments: MediaFormat.allCases)
    func badPayloadsAreErrorsOrSound(_ format: MediaFormat) throws {
        var random = SplitMix64(seed: 1)
        var decoder = try MediaDecoder(format)
        for _ in 0..<500 {
            var payload: [UInt8] = []
            for _ in 0..<random.next() % 400 {
                payload.append(UInt8(truncatingIfNeeded: random.next()))
            }
            var output: [Int16] = [7]
            do throws(CodecError) {
                try decoder.decode(payload.span, into: &output)
                #expect(output.count <= 1 + 5760 * format.channels)
            } catch {
                #expect(output == [7])
            }
        }
    }

    @Test func partialBlocksAreRefused() throws {
        var encoder = try MediaEncoder(.opusStereo)
        var code: [UInt8] = []
        let samples = [Int16](repeating: 0, count: 960 + 480)
        #expect(throws: CodecError.partialBlock(samples: 1440)) {
            try encoder.encode(samples.span, into: &code)
        }
    }

    @Test(arguments: [
        (Float(0.5), Int16(0)), (1.5, 2), (-1.5, -2), (32767.4, 32767), (1e9, 32767),
        (-1e9, -32768), (.infinity, 32767), (-.infinity, -32768), (.nan, 0),
    ])
    func roundsAndSaturates(_ value: Float, _ sample: Int16) {
        #expect(Int16(saturating: value) == sample)
    }
}
