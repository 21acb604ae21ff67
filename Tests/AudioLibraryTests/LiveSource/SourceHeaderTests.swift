import Foundation
import Playout
import Testing

@testable import AudioLibrary

@Suite struct SourceHeaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var program: String
        var format: SourceFormat

        init(
            _ program: String, _ sample: SourceFormat.Sample, _ isBigEndian: Bool = false,
            rate: Int, channels: Int
        ) {
            self.program = program
            format = SourceFormat(
                sample: sample, isBigEndian: isBigEndian, rate: rate, channels: channels)
        }

        var testDescription: String { program }
    }

    /// What programs write into a pipe.
    static let cases = [
        Case(
            "sox -n -r 44100 -c 2 -b 16 -t wav - synth 1 sine 700", .signed16, rate: 44100,
            channels: 2),
        Case(
            "sox -n -r 48000 -c 1 -b 24 -t wav - synth 1 sine 700", .signed24, rate: 48000,
            channels: 1),
        Case(
            "sox -n -r 8000 -c 1 -e u-law -t wav - synth 1 sine 700", .muLaw, rate: 8000,
            channels: 1),
        Case(
            "sox -n -r 8000 -c 1 -b 8 -t wav - synth 1 sine 700", .unsigned8, rate: 8000,
            channels: 1),
        Case(
            "sox -n -r 16000 -c 1 -b 16 -t au - synth 1 sine 700", .signed16, true, rate: 16000,
            channels: 1),
        Case(
            "sox -n -r 8000 -c 1 -e a-law -t au - synth 1 sine 700", .aLaw, true, rate: 8000,
            channels: 1),
        Case(
            "sox -n -r 48000 -c 2 -e floating-point -b 32 -t au - synth 1 sine 700", .float32,
            true, rate: 48000, channels: 2),
        Case(
            "sox -n -r 48000 -c 2 -b 16 -t raw - synth 1 sine 700", .signed16, rate: 48000,
            channels: 2),
        Case(
            "ffmpeg -v error -f lavfi -i sine=700:d=1 -f wav -", .signed16, rate: 44100,
            channels: 1),
        Case(
            "ffmpeg -v error -f lavfi -i sine=700:d=1 -ac 6 -c:a pcm_f32le -f wav -", .float32,
            rate: 44100, channels: 6),
        Case(
            "ffmpeg -v error -f lavfi -i sine=700:d=1 -c:a pcm_s32be -f au -", .signed32, true,
            rate: 44100, channels: 1),
    ]

    /// The header is found in it, the sound behind it is 700 Hz, and no beginning of it misleads.
    @Test(arguments: cases) func findsTheSound(_ example: Case) throws {
        let scratch = Scratch()
        let octets = Array(try scratch.run("bash", "-c", example.program))
        guard case .format(let format, let length) = SourceHeader(octets) else {
            Issue.record("\(SourceHeader(octets))")
            return
        }
        #expect(format == example.format)
        for count in 0..<length { #expect(SourceHeader(Array(octets[..<count])) == .incomplete) }
        #expect(SourceHeader(Array(octets[..<max(length, 4)])) == .format(format, length: length))

        var sound: [Float] = []
        let frames = (octets.count - length) / format.octetsPerFrame
        format.decode(octets[length..<length + frames * format.octetsPerFrame], into: &sound)
        #expect(abs(frames - format.rate) <= 1)
        let sum = stride(from: 0, to: sound.count, by: format.channels).map {
            sound[$0..<$0 + format.channels].reduce(0, +)
        }
        let crossings = zip(sum, sum.dropFirst()).count { $0 < 0 && $1 >= 0 }
        #expect(abs(crossings - 700) <= 2)
        #expect((sum.map(abs).max() ?? 0) > 0.02)
    }

    @Test func headersOfOtherThingsAreFaults() throws {
        let scratch = Scratch()
        for program in [
            "sox -n -r 8000 -c 1 -t wav -e ima-adpcm - synth 1 sine 700",
            "ffmpeg -v error -f lavfi -i sine=700:d=1 -c:a pcm_f64be -f au -",
            "printf 'RIFF\\1\\2\\3\\4AVI LIST'",
        ] {
            let octets = Array(try scratch.run("bash", "-c", program))
            guard case .fault = SourceHeader(octets) else {
                Issue.record("\(program): \(SourceHeader(octets))")
                continue
            }
        }
    }

    /// Any octets are taken as something or refused.
    @Test func damagedHeadersDoNoHarm() throws {
        let scratch = Scratch()
        var random = SplitMix64(seed: 11)
        for example in Self.cases {
            let octets = Array(try scratch.run("bash", "-c", example.program).prefix(256))
            for _ in 0..<2000 {
                var damaged = octets
                for _ in 0..<3 {
                    damaged[Int(random.next() % UInt64(damaged.count))] =
                        UInt8(truncatingIfNeeded: random.next())
                }
                damaged.removeLast(Int(random.next() % UInt64(damaged.count)))
                if case .format(let format, let length) = SourceHeader(damaged) {
                    #expect(length <= damaged.count)
                    #expect(format.octetsPerFrame > 0)
                }
            }
        }
    }
}
