import Codec
import Foundation
import Playout
import Testing

@testable import AudioLibrary

@Suite struct PreparationTests {
    static let settings = PreparationSettings(
        loudness: -23, truePeakLimit: -1, formats: MediaFormat.allCases)

    static func prepare(
        _ scratch: Scratch, _ name: String, settings: PreparationSettings = PreparationTests.settings
    ) throws -> PreparedTrack {
        let cache = try TrackCache(directory: scratch.file("cache"))
        return try cache.prepare(Descriptor(reading: scratch.file(name)), known: nil, settings: settings)
    }

    /// Five seconds with something everywhere in the telephone band: a chord that swells, and
    /// plucked strings.
    static func music(_ scratch: Scratch, _ name: String, rate: Int = 44100, channels: Int = 2) throws {
        try scratch.run(
            "sox", "-r", "\(rate)", "-n", "-c", "\(channels)", "-b", "24", name, "synth", "5",
            "pluck", "220", "synth", "5", "sine", "mix", "440-880", "synth", "5", "sine", "mix", "1760",
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
        #expect(Rendering.lag(Array(sound.prefix(20000)), reference, reach: 30) == 0, "delay \(delay)")
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
        print(format, "SNR", rounded(quality))
    }
}
