import Codec
import Foundation
import IVR
import Playout
import RTP
import Testing

/// A phone that sends nothing while nobody speaks (DTX, RFC 7587 section 3.1.3): the numbers of its
/// packets go on where they stopped, the timestamps tell how long it was.
@Suite struct DiscontinuousTransmissionTests {
    /// What happens in the pause: nothing for all of it, or the packet that libopus sends every 400 ms.
    @Test(arguments: [nil, 20] as [Int?], [2.0, 8.0])
    func aPauseIsAsLongAsItWas(_ refreshed: Int?, _ pause: Double) throws {
        let format = MediaFormat.opusMono
        let said = try SpeechDetectorTests.speech(
            SpeechDetectorTests.text, level: -25, rate: format.sampleRate)
        let perPacket = format.sampleRate / 50
        let spoken = said.count / perPacket
        let silent = Int(pause * 50)
        let line = Line([102: format])
        var encoder = try MediaEncoder(format)
        var number = 0
        var wasSilent = true
        for n in 0..<(2 * spoken + silent) {
            let position = n < spoken ? n : n - silent
            let isSilent = n >= spoken && n < spoken + silent
            if isSilent, refreshed.map({ (n - spoken) % $0 != 0 }) ?? true {
                wasSilent = true
                continue
            }
            let start = position % spoken * perPacket
            let samples =
                isSilent
                ? [Int16](repeating: 0, count: perPacket)
                : Array(said[start..<(start + perPacket)])
            var payload = format.payloadPrefix(packetTime: 20)
            try encoder.encode(samples.span, into: &payload)
            // Jitter of up to 15 ms, as networks have it.
            line.receive(
                packet(
                    number, n * format.clockRate / 50, payload, payloadType: 102,
                    marker: wasSilent && !isSilent), at: Double(20 * n + 7 * n % 16))
            number += 1
            wasSilent = false
        }
        line.end()
        #expect(line.counts.lost == 0)
        #expect(line.counts.late == 0)
        #expect(line.rates == [16_000])
        #expect(line.sound.count == (2 * spoken + silent) * 320)
        // Nothing was guessed in the pause, and what follows stands where it was said. The last of
        // what was said rings on for some milliseconds.
        let begin = spoken * 320 + 800
        let end = (spoken + silent) * 320
        #expect(line.sound[begin..<end].allSatisfy { abs(Int($0)) < 33 })
        let difference = zip(line.sound[..<(spoken * 320)], line.sound[end...]).map {
            Double($0) - Double($1)
        }
        func power(_ samples: some Sequence<Double>) -> Double {
            samples.reduce(0) { $0 + $1 * $1 }
        }
        // The same words in another state of the codec: alike by 10 dB and more.
        #expect(power(difference) < power(line.sound[end...].map(Double.init)) / 10)
        var detector = SpeechDetector(rate: 16_000)
        detector.listen(line.sound[...])
        let verdict = detector.verdict(samples: line.sound.count)
        #expect(verdict.kind == .speech)
        #expect(verdict.speech.lowerBound == 0)
        #expect(verdict.speech.upperBound > line.sound.count - 8000)
    }
}
