import Codec
import Foundation
import Playout

@testable import AudioLibrary

/// What a listener's phone makes of a rendition.
enum Rendering {
    /// Samples of -1…1, channels interleaved; of all whole and partial units, `turns` times round.
    static func decode(_ rendition: Rendition, turns: Int = 1) throws -> [Double] {
        let format = rendition.format
        let octets = [UInt8](UnsafeRawBufferPointer(start: rendition.base, count: rendition.octets))
        var decoder = try MediaDecoder(format)
        var output: [Int16] = []
        let isOpus = format == .opusMono || format == .opusStereo
        let step = isOpus ? format.octetsPerUnit : octets.count
        for _ in 0..<turns {
            for at in stride(from: 0, to: octets.count, by: step) {
                let payload =
                    (isOpus ? format.payloadPrefix(packetTime: 10) : []) + octets[at..<at + step]
                try decoder.decode(payload.span, into: &output)
            }
        }
        return output.map { Double($0) / 32768 }
    }

    /// Signal to noise of `sound` in dB, after bringing `reference` to its level.
    static func quality(_ sound: ArraySlice<Double>, against reference: ArraySlice<Double>)
        -> Double
    {
        let pairs = zip(sound, reference)
        let gain = pairs.reduce(0) { $0 + $1.0 * $1.1 } / reference.reduce(0) { $0 + $1 * $1 }
        let signal = reference.reduce(0) { $0 + gain * gain * $1 * $1 }
        let noise = pairs.reduce(0) { $0 + pow($1.0 - gain * $1.1, 2) }
        return 10 * log10(signal / noise)
    }

    /// By how many samples `sound` comes after `reference`, looking `reach` to either side.
    static func lag(_ sound: [Double], _ reference: [Double], reach: Int) -> Int {
        let range = reach..<min(sound.count, reference.count) - reach
        return (-reach...reach).max { a, b in
            correlation(sound, reference, range, a) < correlation(sound, reference, range, b)
        } ?? 0
    }

    private static func correlation(
        _ sound: [Double], _ reference: [Double], _ range: Range<Int>, _ lag: Int
    ) -> Double {
        range.reduce(0) { $0 + sound[$1 + lag] * reference[$1] }
    }

    /// Integrated loudness as ffmpeg measures it.
    static func loudness(_ sound: [Double], rate: Int, channels: Int, in scratch: Scratch) throws
        -> Double
    {
        let name = "loudness-\(UUID().uuidString).raw"
        try scratch.write(
            sound.map(Float.init).withUnsafeBytes { Array($0) }, to: name)
        let text = try scratch.run(
            "bash", "-c",
            "ffmpeg -hide_banner -f f32le -ar \(rate) -ac \(channels) -i \(name) -af ebur128 -f null - 2>&1 | grep -E '^ +I:' | tail -1"
        )
        let words = String(decoding: text, as: UTF8.self).split(separator: " ")
        return words.dropFirst().first.flatMap { Double($0) } ?? .nan
    }
}
