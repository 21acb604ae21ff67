import Foundation
import Playout
import Testing

@testable import AudioLibrary

/// Case G41: the folder, the name or the header lies about the rate; and every kind of file.
@Suite struct SourceFormatTests {
    struct Source: CustomTestStringConvertible {
        var name: String
        var commands: [String]
        var testDescription: String { name }
    }

    static func sox(_ rate: Int, _ channels: Int, _ options: String = "-b 16") -> String {
        "sox -R -r \(rate) -n -c \(channels) \(options) in.wav synth 3 sine 1000 gain -6"
    }

    static let sources: [Source] = [
        Source(
            name: "8000/a.wav", commands: [sox(48000, 1), "mkdir 8000", "mv in.wav 8000/a.wav"]),
        Source(
            name: "b.mp3",
            commands: [
                sox(44100, 2), "lame --quiet -V 2 in.wav plain.mp3",
                // ID3v2.3 of 200 KiB in front: 204800 = 0x0c, 0x40, 0x00 in sevens.
                "(printf 'ID3\\003\\000\\000\\000\\014\\100\\000'; head -c 204800 /dev/zero; cat plain.mp3) > b.mp3",
            ]),
        Source(name: "c.wav", commands: [sox(11025, 1, "-b 8 -e unsigned"), "mv in.wav c.wav"]),
        Source(
            name: "d.wav", commands: [sox(44100, 1), "lame --quiet in.wav d.mp3", "mv d.mp3 d.wav"]),
        Source(name: "e.flac", commands: [sox(96000, 6, "-b 24"), "flac -s in.wav -o e.flac"]),
        Source(name: "f.ogg", commands: [sox(44100, 2), "oggenc -Q in.wav -o f.ogg"]),
        Source(name: "g.opus", commands: [sox(48000, 2), "opusenc --quiet in.wav g.opus"]),
        Source(name: "h.aiff", commands: [sox(22050, 2), "sox in.wav h.aiff"]),
        Source(name: "i.au", commands: [sox(8000, 1), "sox in.wav -e mu-law i.au"]),
        Source(name: "j.mp3", commands: [sox(44100, 1), "lame --quiet -b 128 --cbr in.wav j.mp3"]),
        Source(name: "k.wav", commands: [sox(48000, 1), "sox in.wav -e a-law k.wav"]),
        Source(name: "l.wav", commands: [sox(48000, 2, "-b 24"), "mv in.wav l.wav"]),
        Source(name: "m.wav", commands: [sox(48000, 2, "-b 32 -e float"), "mv in.wav m.wav"]),
        Source(name: "n.wav", commands: [sox(8000, 1), "sox in.wav -e ms-adpcm n.wav"]),
        Source(
            name: "o.wav",
            commands: [sox(8000, 1), "sox in.wav -e gsm-full-rate n.wav", "mv n.wav o.wav"]),
        Source(
            name: "p.mp3",
            commands: [
                sox(24000, 1),
                "ffmpeg -loglevel error -i in.wav -id3v2_version 4 -metadata title=T p.mp3",
            ]),
        Source(
            name: "q.wav",
            commands: [sox(44100, 2), "ffmpeg -loglevel error -i in.wav -f wav - > q.wav"]),
        Source(name: "r.flac", commands: [sox(192_000, 2, "-b 24"), "flac -s in.wav -o r.flac"]),
        Source(
            name: "s.wav",
            commands: [sox(48000, 2), "ffmpeg -loglevel error -i in.wav -f w64 s.wav"]),
        Source(
            name: "t.wav",
            commands: [sox(48000, 2), "ffmpeg -loglevel error -i in.wav -rf64 always t.wav"]),
    ]

    @Test(arguments: sources) func hearsAThousandHertzForThreeSeconds(_ source: Source) throws {
        let scratch = Scratch()
        for command in source.commands { try scratch.run("bash", "-c", command) }
        let formats: [MediaFormat] = [.pcmu, .g722, .opusMono]
        let track = try PreparationTests.prepare(
            scratch, source.name,
            settings: PreparationSettings(loudness: -23, truePeakLimit: -1, formats: formats))
        // What encoders of lossy files put around the sound without saying so may stay.
        #expect(abs(track.length.seconds - 3) < 0.06, "\(track.length.seconds) s")
        for format in formats {
            let sound = try Rendering.decode(try #require(track.renditions[format]))
            let middle = Array(sound[sound.count / 6..<sound.count * 5 / 6])
            let crossings = zip(middle, middle.dropFirst()).filter { $0 < 0 && $1 >= 0 }.count
            let seconds = Double(middle.count) / Double(format.sampleRate)
            #expect(abs(Double(crossings) / seconds - 1000) <= 2, "\(format)")
            let level = try Rendering.loudness(
                sound, rate: format.sampleRate, channels: 1, in: scratch)
            #expect(abs(level + 23) <= 0.5, "\(format) at \(level) LUFS")
            #expect((sound.map(abs).max() ?? 1) < 0.9)
        }
    }
}
