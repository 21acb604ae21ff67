import Codec
import Foundation
import IVR
import Playout
import Testing

/// The corpus of ``SpeechDetectorTests`` as it comes by telephone: coded, in packets, decoded.
@Suite struct CodedCorpusTests {
    static let codecs: [(payloadType: UInt8, format: MediaFormat)] = [
        (0, .pcmu), (9, .g722), (102, .opusMono),
    ]

    /// What a recording holds of `samples` at 8 kHz, said into a phone of that codec.
    private func judged(
        _ samples: [Int16], _ payloadType: UInt8, _ format: MediaFormat
    ) throws -> (verdict: MessageVerdict, rate: Int) {
        let line = Line([payloadType: format])
        var encoder = try MediaEncoder(format)
        let said = Self.raised(samples, by: format.sampleRate / SpeechDetectorTests.rate)
        let perPacket = format.sampleRate / 50
        for n in 0..<(said.count / perPacket) {
            var payload = format.payloadPrefix(packetTime: 20)
            let part = Array(said[(n * perPacket)..<((n + 1) * perPacket)])
            try encoder.encode(part.span, into: &payload)
            line.receive(
                packet(n, n * format.clockRate / 50, payload, payloadType: payloadType),
                at: Double(20 * n))
        }
        line.end()
        let rate = try #require(line.rates.first)
        var detector = SpeechDetector(rate: rate)
        for start in stride(from: 0, to: line.sound.count, by: rate / 50) {
            detector.listen(line.sound[start..<min(line.sound.count, start + rate / 50)])
        }
        return (detector.verdict(samples: line.sound.count), rate)
    }

    /// More samples a second, on straight lines between those that are there.
    private static func raised(_ samples: [Int16], by factor: Int) -> [Int16] {
        guard factor > 1, let last = samples.last else { return samples }
        let next = samples.dropFirst() + [last]
        return zip(samples, next).flatMap { a, b in
            (0..<factor).map { Int16(Int(a) + (Int(b) - Int(a)) * $0 / factor) }
        }
    }

    @Test(arguments: codecs, ["en", "de", "fr", "es", "it", "en+f3", "en+m7"])
    func quietSpeechIsMailed(
        _ codec: (payloadType: UInt8, format: MediaFormat), _ voice: String
    ) throws {
        let rate = SpeechDetectorTests.rate
        let speech = try SpeechDetectorTests.speech(
            SpeechDetectorTests.text, voice: voice, level: -35
        ).prefix(2 * rate)
        let silence = [Int16](repeating: 0, count: rate / 2)
        let found = try judged(silence + speech, codec.payloadType, codec.format)
        #expect(found.verdict.kind == .speech)
    }

    @Test(arguments: codecs, SpeechDetectorTests.nothings)
    func whatIsNoSpeechIsNot(
        _ codec: (payloadType: UInt8, format: MediaFormat), _ nothing: SpeechDetectorTests.Nothing
    ) throws {
        let found = try judged(nothing.samples, codec.payloadType, codec.format)
        #expect(found.verdict.kind != .speech)
    }

    @Test(arguments: codecs, [[425.0], [480, 620], [400]])
    func theTonesOfTheNetworkAreCutOff(
        _ codec: (payloadType: UInt8, format: MediaFormat), _ frequencies: [Double]
    ) throws {
        let rate = SpeechDetectorTests.rate
        let speech = try SpeechDetectorTests.speech(SpeechDetectorTests.text, level: -25)
        let tones = SpeechDetectorTests.tones(frequencies, on: 0.5, off: 0.5, seconds: 8)
        let found = try judged(
            speech + [Int16](repeating: 0, count: rate) + tones, codec.payloadType, codec.format)
        #expect(found.verdict.kind == .speech)
        let end = Double(found.verdict.speech.upperBound) / Double(found.rate)
        #expect(abs(end - Double(speech.count) / Double(rate)) < 1)
    }
}
