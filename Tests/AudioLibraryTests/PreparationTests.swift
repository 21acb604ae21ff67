import Codec
import Foundation
import Playout
import Testing

@testable import AudioLibrary

@Suite struct PreparationTests {
    static let settings = PreparationSettings(
        loudness: -23, truePeakLimit: -1, formats: MediaFormat.allCases)

    static func prepare(
        _ scratch: Scratch, _ name: String,
        settings: PreparationSettings = PreparationTests.settings
    ) throws -> PreparedTrack {
        let cache = try TrackCache(directory: scratch.file("cache"))
        return try cache.prepare(
            Descriptor(reading: scratch.file(name)), known: nil, settings: settings)
    }

    /// Five seconds with something everywhere in the telephone band: a chord that swells, and
    /// plucked strings.
    static func music(_ scratch: Scratch, _ name: String, rate: Int = 44100, channels: Int = 2)
        throws
    {
        try scratch.run(
            "sox", "-r", "\(rate)", "-n", "-c", "\(channels)", "-b", "24", name, "synth", "5",
            "pluck", "220", "synth", "5", "sine", "mix", "440-880", "synth", "5", "sine", "mix",
            "1760",
            "tremolo", "3", "60", "gain", "-6")
    }

    @Test(arguments: MediaFormat.allCases)
    func soundsAsTheSourceDoes(_ format: MediaFormat) throws {
        let scratch = Scratch()
        try Self.music(scratch, "a.wav")
        let track = try Self.prepare(scratch, "a.wav")
        #expect(track.length == MediaTime(ticks: 40000))
        let rendition = try #require(track.renditions[format])
        var sound = try Rendering.decode(rendition)
        if format.channels == 2 {
            sound = stride(from: 0, to: sound.count, by: 2).map { (sound[$0] + sound[$0 + 1]) / 2 }
        }
        let delay = try MediaEncoder(format).delay
        #expect(sound.count == 5 * format.sampleRate)
        let reference = try scratch.samples("a.wav", rate: format.sampleRate)
        // The codec's delay was taken out, so the decoder's output is in time from its first turn.
        #expect(
            Rendering.lag(Array(sound.prefix(20000)), reference, reach: 30) == 0, "delay \(delay)")
        let least =
            switch format {
            case .pcmu, .pcma: 35.0
            case .g722: 20.0
            case .opusMono, .opusStereo: 20.0
            default: 60.0
            }
        let quality = Rendering.quality(
            sound[2000..<sound.count - 2000], against: reference[2000..<sound.count - 2000])
        #expect(quality >= least, "\(format)")
    }

    @Test(arguments: MediaFormat.allCases)
    func isAsLoudAsConfigured(_ format: MediaFormat) throws {
        let scratch = Scratch()
        try Self.music(scratch, "a.wav")
        for loudness in [-23.0, -30] {
            let settings = PreparationSettings(
                loudness: loudness, truePeakLimit: -1, formats: [format])
            let track = try Self.prepare(scratch, "a.wav", settings: settings)
            let sound = try Rendering.decode(try #require(track.renditions[format]))
            let level = try Rendering.loudness(
                sound, rate: format.sampleRate, channels: format.channels, in: scratch)
            #expect(abs(level - loudness) <= 0.5, "\(level) LUFS")
        }
    }

    @Test func aPeakIsKeptUnderTheLimit() throws {
        let scratch = Scratch()
        // Two beats a second and silence between: soft as R 128 hears it, and full of peaks.
        let beat = WaveFiles.sine(seconds: 0.02, hertz: 997) + [UInt8](repeating: 0, count: 15360)
        let beats = Array(repeatElement(beat, count: 6).joined())
        try scratch.write(
            WaveFiles.riff(WaveFiles.format, WaveFiles.chunk("data", beats)), to: "a.wav")
        let settings = PreparationSettings(loudness: -5, truePeakLimit: -6, formats: [.l16At48000])
        let track = try Self.prepare(scratch, "a.wav", settings: settings)
        let sound = try Rendering.decode(try #require(track.renditions[.l16At48000]))
        let peak = 20 * log10(sound.map(abs).max() ?? 0)
        #expect(peak < -5.9 && peak > -8)
    }

    /// A tone that fits the file a whole number of times, heard twice: where the end meets the
    /// beginning there is no step that the tone itself doesn't have.
    @Test(arguments: MediaFormat.allCases, [44100, 8000, 48000])
    func loopsWithoutAClick(_ format: MediaFormat, _ rate: Int) throws {
        let scratch = Scratch()
        try scratch.run(
            "sox", "-R", "-r", "\(rate)", "-n", "-c", "1", "-b", "24", "a.wav", "synth", "2",
            "sine", "500", "gain", "-6")
        let settings = PreparationSettings(loudness: -20, truePeakLimit: -1, formats: [format])
        let track = try Self.prepare(scratch, "a.wav", settings: settings)
        #expect(track.length == .seconds(2))
        var sound = try Rendering.decode(try #require(track.renditions[format]), turns: 2)
        if format.channels == 2 {
            sound = stride(from: 0, to: sound.count, by: 2).map { sound[$0] }
        }
        let frames = 2 * format.sampleRate
        #expect(sound.count == 2 * frames)
        // What differs from the same tone half a second away is a disturbance.
        func disturbance(at middle: Int) -> Double {
            let reach = format.sampleRate / 50
            let away = format.sampleRate / 2
            return (middle - reach..<middle + reach).map { abs(sound[$0] - sound[$0 - away]) }.max()
                ?? 1
        }
        let loudest = sound.map(abs).max() ?? 0
        let joint = disturbance(at: frames)
        let elsewhere = disturbance(at: frames * 3 / 4)
        // G.722 adapts to what it has heard and no two states of it are quite alike: without
        // priming this is twice the tone itself, with it a tenth.
        let most = format == .g722 ? loudest * 0.25 : max(elsewhere * 2, loudest * 0.02)
        #expect(joint < most, "\(joint) against \(elsewhere)")
    }

    /// The same of a length that is no whole number of ticks, nor of Opus frames.
    @Test(arguments: [MediaFormat.pcmu, .pcma, .opusMono, .l16At8000, .l16At16000, .l16At48000])
    func oddLengthsLoopWithoutAClick(_ format: MediaFormat) throws {
        let scratch = Scratch()
        // 8003.45 ticks, and a tone that fits them 500 times.
        let frames = 44119
        try scratch.run(
            "sox", "-R", "-r", "44100", "-n", "-c", "1", "-b", "24", "a.wav", "synth",
            "\(frames)s", "sine", "\(500 * 44100.0 / Double(frames))", "gain", "-6")
        let settings = PreparationSettings(loudness: -20, truePeakLimit: -1, formats: [format])
        let track = try Self.prepare(scratch, "a.wav", settings: settings)
        #expect(track.length == MediaTime(ticks: 8003))
        let sound = try Rendering.decode(try #require(track.renditions[format]), turns: 2)
        // A tone follows from its last two samples; what does not follow is a disturbance.
        let turn = 8003 * Double(format.sampleRate) / 8000
        let factor = 2 * cos(2 * Double.pi * 500 / turn)
        func disturbance(at middle: Int) -> Double {
            let reach = format.sampleRate / 50
            return (middle - reach..<middle + reach).map {
                abs(sound[$0] - factor * sound[$0 - 1] + sound[$0 - 2])
            }.max() ?? 1
        }
        let loudest = sound.map(abs).max() ?? 0
        let joint = disturbance(at: sound.count / 2)
        let elsewhere = disturbance(at: sound.count / 4)
        #expect(joint < max(elsewhere * 2, loudest * 0.01), "\(joint) against \(elsewhere)")
    }

    @Test func allFormatsAreInTime() throws {
        let scratch = Scratch()
        // Noise in the telephone band has one sharp peak of correlation.
        try scratch.run(
            "sox", "-R", "-r", "44100", "-n", "-c", "1", "-b", "16", "a.wav", "synth", "2",
            "pinknoise", "sinc",
            "300-3000", "gain", "-6")
        let track = try Self.prepare(scratch, "a.wav")
        let reference = try scratch.samples("a.wav", rate: 48000)
        for format in MediaFormat.allCases {
            let sound = try Rendering.decode(try #require(track.renditions[format]))
            try scratch.write(
                sound.map(Float.init).withUnsafeBytes { Array($0) }, to: "\(format).raw")
            try scratch.run(
                "sox", "-t", "raw", "-r", "\(format.sampleRate)", "-c", "\(format.channels)", "-e",
                "float", "-b",
                "32", "\(format).raw", "\(format).wav")
            let raised = try scratch.samples("\(format).wav", rate: 48000)
            // A third of a tick is 2 samples of 48 kHz.
            #expect(
                abs(Rendering.lag(Array(raised.prefix(12000)), reference, reach: 24)) <= 1,
                "\(format)")
        }
    }

    @Test func aConstantPartIsTakenAway() throws {
        let scratch = Scratch()
        try scratch.run(
            "sox", "-r", "8000", "-n", "-c", "1", "-b", "16", "a.wav", "synth", "2", "sine", "400",
            "gain", "-12",
            "dcshift", "0.3")
        let track = try Self.prepare(scratch, "a.wav")
        let sound = try Rendering.decode(try #require(track.renditions[.l16At8000]))
        #expect(abs(sound.reduce(0, +) / Double(sound.count)) < 0.0005)
    }

    @Test(arguments: [0.1, 0.123, 0.35, 0.9999, 1.0, 1.0001])
    func shortFilesArePrepared(_ seconds: Double) throws {
        let scratch = Scratch()
        try scratch.run(
            "sox", "-r", "11025", "-n", "-c", "2", "-b", "16", "a.wav", "synth", "\(seconds)",
            "sine", "700", "gain", "-6")
        let track = try Self.prepare(scratch, "a.wav")
        #expect(abs(track.length.seconds - seconds) < 0.001)
        for (format, rendition) in track.renditions {
            let sound = try Rendering.decode(rendition)
            #expect((sound.map(abs).max() ?? 0) > 0.02, "\(format)")
        }
    }

    @Test func theSameFileGivesTheSameOctetsEverywhere() throws {
        let scratch = Scratch()
        try Self.music(scratch, "a.wav")
        let first = try Self.prepare(scratch, "a.wav")
        let other = Scratch()
        try scratch.run("cp", "a.wav", other.file("b.wav"))
        let second = try Self.prepare(other, "b.wav")
        #expect(first.hash == second.hash)
        for (format, rendition) in first.renditions {
            let twin = try #require(second.renditions[format])
            #expect(memcmp(rendition.base, twin.base, rendition.octets) == 0, "\(format)")
        }
    }

    @Test func givesUpWhenTold() throws {
        let scratch = Scratch()
        try Self.music(scratch, "a.wav")
        let cache = try TrackCache(directory: scratch.file("cache"))
        for share in [0.0, 0.2, 0.5, 0.9] {
            #expect(throws: PreparationError.cancelled) {
                try cache.prepare(
                    Descriptor(reading: scratch.file("a.wav")), known: nil, settings: Self.settings
                ) { $0 < share }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("cache")) == [])
    }

    @Test func noticesAFileThatChangesUnderItsHands() throws {
        let scratch = Scratch()
        try Self.music(scratch, "a.wav")
        let cache = try TrackCache(directory: scratch.file("cache"))
        for share in [0.0, 0.2, 0.5, 0.9] {
            var isTouched = false
            #expect(throws: PreparationError.changed) {
                try cache.prepare(
                    Descriptor(reading: scratch.file("a.wav")), known: nil, settings: Self.settings
                ) { done in
                    if done >= share && !isTouched {
                        isTouched = true
                        // Cut in place, as an overwriting copy begins.
                        truncate(scratch.file("a.wav"), off_t(100_000 + share * 1000))
                    }
                    return true
                }
            }
            try FileManager.default.removeItem(atPath: scratch.file("a.wav"))
            try Self.music(scratch, "a.wav")
        }
    }
}
