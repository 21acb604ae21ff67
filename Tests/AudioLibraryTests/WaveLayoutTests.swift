import Foundation
import Playout
import Testing

@testable import AudioLibrary

/// Case G40: RIFF with odd chunks and wrong sizes.
@Suite struct WaveLayoutTests {
    struct Odd: CustomTestStringConvertible {
        var testDescription: String
        var octets: [UInt8]
        var seconds = 5.0
    }

    static let sound = WaveFiles.sine(seconds: 5)
    static let data = WaveFiles.chunk("data", sound)

    static let odd: [Odd] = [
        Odd(testDescription: "plain", octets: WaveFiles.riff(WaveFiles.format, data)),
        Odd(
            testDescription: "a: JUNK before fmt",
            octets: WaveFiles.riff(
                WaveFiles.chunk("JUNK", Array(repeating: 0, count: 64)), WaveFiles.format, data)),
        Odd(
            testDescription: "b: LIST of 27 octets and a pad",
            octets: WaveFiles.riff(
                WaveFiles.format,
                WaveFiles.chunk(
                    "LIST",
                    Array("INFOISFT".utf8) + WaveFiles.little(15) + Array("Lavf59.27.1000\0".utf8)),
                data)),
        Odd(
            testDescription: "LIST of 27 octets without its pad",
            octets: WaveFiles.riff(
                WaveFiles.format,
                WaveFiles.chunk(
                    "LIST",
                    Array("INFOISFT".utf8) + WaveFiles.little(15) + Array("Lavf59.27.1000\0".utf8),
                    pads: false),
                data)),
        Odd(
            testDescription: "c: LIST of zeros",
            octets: WaveFiles.riff(
                WaveFiles.format, WaveFiles.chunk("LIST", Array(repeating: 0, count: 26)), data)),
        Odd(
            testDescription: "zeros where a chunk should be",
            octets: WaveFiles.riff(WaveFiles.format, Array(repeating: 0, count: 40), data)),
        Odd(
            testDescription: "d: data of 4 GiB, from a pipe",
            octets: WaveFiles.riff(
                WaveFiles.format, WaveFiles.chunk("data", sound, size: 0xffff_ffff),
                size: 0xffff_ffff)),
        Odd(
            testDescription: "data of 2 GiB, from sox's pipe",
            octets: WaveFiles.riff(
                WaveFiles.format, WaveFiles.chunk("data", sound, size: 0x7fff_ffff),
                size: 0x8000_0023)),
        Odd(
            testDescription: "e: data of nothing, and sound after it",
            octets: WaveFiles.riff(
                WaveFiles.format, WaveFiles.chunk("data", sound, size: 0), size: 36)),
        Odd(
            testDescription: "f: a picture after the sound",
            octets: WaveFiles.riff(
                WaveFiles.format, data,
                WaveFiles.chunk("id3 ", (0..<30720).map { UInt8(truncatingIfNeeded: $0 &* 31) }))),
        Odd(
            testDescription: "RIFF size of nothing",
            octets: WaveFiles.riff(WaveFiles.format, data, size: 0)),
        Odd(
            testDescription: "RIFF size that ends in the sound",
            octets: WaveFiles.riff(WaveFiles.format, data, size: 1000)),
        Odd(
            testDescription: "data a few octets longer than the file",
            octets: WaveFiles.riff(
                WaveFiles.format, WaveFiles.chunk("data", sound, size: sound.count + 8))),
        Odd(
            testDescription: "half a sample at the end",
            octets: WaveFiles.riff(WaveFiles.format, WaveFiles.chunk("data", sound + [9]))),
        Odd(
            testDescription: "fact and cue and bext before the sound",
            octets: WaveFiles.riff(
                WaveFiles.chunk("bext", Array(repeating: 65, count: 602)), WaveFiles.format,
                WaveFiles.chunk("fact", WaveFiles.little(80000)),
                WaveFiles.chunk("cue ", WaveFiles.little(0)), data)),
    ]

    @Test(arguments: odd) func playsForFiveSecondsWithoutAClick(_ odd: Odd) throws {
        let scratch = Scratch()
        try scratch.write(odd.octets, to: "a.wav")
        let track = try PreparationTests.prepare(
            scratch, "a.wav",
            settings: PreparationSettings(loudness: -23, truePeakLimit: -1, formats: [.l16At16000]))
        #expect(abs(track.length.seconds - 5) < 0.02)
        let sound = try Rendering.decode(try #require(track.renditions[.l16At16000]), turns: 2)
        // 440 Hz fits into 5 s a whole number of times: no step is larger than the wave's own.
        let steepest = 2 * Double.pi * 440 / 16000 * (sound.map(abs).max() ?? 0)
        for (a, b) in zip(sound, sound.dropFirst()) {
            try #require(abs(a - b) < steepest * 1.1 + 0.001)
        }
        #expect((sound.map(abs).max() ?? 0) > 0.05)
    }

    static let refused: [(String, [UInt8], PreparationError)] = [
        ("nothing", [], .empty),
        ("no sound", WaveFiles.riff(WaveFiles.format, WaveFiles.chunk("data", [])), .empty),
        (
            "no sound but notes after it",
            WaveFiles.riff(
                WaveFiles.format, WaveFiles.chunk("data", []),
                WaveFiles.chunk(
                    "LIST", Array("INFOIART".utf8) + WaveFiles.little(4) + Array("abc\0".utf8))),
            .empty
        ),
        (
            "cut short",
            Array(WaveFiles.riff(WaveFiles.format, data).prefix(44 + 64000)),
            .cutShort(promised: 5, found: 2)
        ),
        (
            "silence",
            WaveFiles.riff(
                WaveFiles.format, WaveFiles.chunk("data", Array(repeating: 0, count: 64000))),
            .silent
        ),
        (
            "a blip",
            WaveFiles.riff(WaveFiles.format, WaveFiles.chunk("data", Array(sound.prefix(640)))),
            .tooShort(seconds: 0.02)
        ),
    ]

    @Test(arguments: refused.indices) func refusesWithTheReason(_ index: Int) throws {
        let (name, octets, error) = Self.refused[index]
        let scratch = Scratch()
        try scratch.write(octets, to: "a.wav")
        #expect(throws: error, "\(name)") { try PreparationTests.prepare(scratch, "a.wav") }
    }

    @Test func refusesWhatIsNoAudio() throws {
        let scratch = Scratch()
        try scratch.write(Array("Dear diary, today I wrote no music.\n".utf8), to: "a.wav")
        #expect {
            try PreparationTests.prepare(scratch, "a.wav")
        } throws: { "\($0)".contains("not an audio file") }
    }
}
