import Foundation
import Playout
import Primitives
import Testing

@testable import AudioLibrary

/// What a command gives, on its way into the ring, in virtual time.
@Suite struct SourceSessionTests {
    static let start = MediaTime(ticks: 1_790_000_007 * 8000 + 5)

    /// Plays `octets` for `seconds`, as a program that waits for us, or in pieces of real time.
    /// - Returns: the ring, and how far it was behind what went in at most.
    static func play(
        _ octets: [UInt8], formats: [MediaFormat], seconds: Int, volume: Double = 0
    ) throws -> SourceRing {
        let ring = try #require(SourceRing(formats: formats))
        var session = SourceSession(ring: ring, formats: formats, volume: volume)
        var given = 0
        for step in 0..<seconds * 100 {
            let now = start + .milliseconds(step * 10)
            let clock = Instant(nanoseconds: Int64(step) * 10_000_000)
            while true {
                let count = min(session.wanted(at: now), octets.count - given)
                if count == 0 { break }
                // Pieces of odd sizes, as they come out of a pipe.
                let piece = min(count, 997)
                try session.take(
                    Array(octets[given..<given + piece]), isAll: false, at: now, clock: clock)
                given += piece
            }
            if step >= 50 { #expect(!session.hasRunOut(at: now), "at \(step)") }
            #expect(session.isReady(at: now) == (step >= 50), "at \(step)")
        }
        return ring
    }

    static func sound(_ ring: SourceRing, _ format: MediaFormat) throws -> [Double] {
        let rendition = try #require(ring.playlist.renditions[format]?.first)
        return try Rendering.decode(rendition)
    }

    /// A tone that fits the ring a whole number of times is in it all round, without a step where
    /// the writer passes the end, and as loud as it came.
    @Test(arguments: [MediaFormat.l16At8000, .l16At16000, .l16At48000, .pcmu, .opusMono])
    func aToneGoesRound(_ format: MediaFormat) throws {
        let scratch = Scratch()
        let octets = Array(
            try scratch.run(
                "bash", "-c",
                "sox -n -r 44100 -c 2 -b 16 -t wav - synth 23 sine 700 gain -12 2>/dev/null"))
        let ring = try Self.play(octets, formats: [format, .g722], seconds: 21, volume: -8)
        var sound = try Self.sound(ring, format)
        // A codec's first frames come out of nothing here, as they do for a phone that joins.
        sound.removeFirst(format.sampleRate / 50)
        let factor = 2 * cos(2 * Double.pi * 700 / Double(format.sampleRate))
        let now = Int((Self.start.ticks + 21 * 8000) % 80_000) * format.sampleRate / 8000
        let writer = now + format.sampleRate - format.sampleRate / 50
        let loudest = 0.1
        var worst = 0.0
        for i in 2..<sound.count where abs(i - writer) > format.sampleRate / 5 {
            worst = max(worst, abs(sound[i] - factor * sound[i - 1] + sound[i - 2]))
        }
        let limit = format == .pcmu || format == .opusMono ? 0.25 : 0.02
        #expect(worst < loudest * limit, "\(worst)")
        let level = 20 * log10(sound.map(abs).max() ?? 0)
        #expect(abs(level + 20) < 0.7, "\(level) dB")
    }

    @Test func soundThatStoppedBeginsAnew() throws {
        let formats = [MediaFormat.pcmu, .opusStereo]
        let ring = try #require(SourceRing(formats: formats))
        var session = SourceSession(ring: ring, formats: formats, volume: 0)
        let second = [UInt8](repeating: 0x11, count: 192_001)
        var clock = Instant(nanoseconds: 0)
        for _ in 0..<2 {
            let now = Self.start + MediaTime(nanoseconds: clock.nanoseconds)
            #expect(session.hasRunOut(at: now))
            for at in stride(from: 0, to: 96_000, by: 9600) {
                try session.take(
                    Array(second[at..<at + 9600]), isAll: true, at: now, clock: clock)
            }
            #expect(!session.hasRunOut(at: now))
            #expect(session.isReady(at: now + .milliseconds(510)))
            #expect(session.hasRunOut(at: now + .milliseconds(1500)))
            session.beginAnew()
            clock = clock + .seconds(5)
        }
    }

    /// How long sound is on its way through the filters and encoders of all formats.
    @Test func littleIsUnderWay() throws {
        let formats = MediaFormat.allCases
        let encoder = try SourceEncoder(.raw, formats: formats, volume: 0)
        let ring = try #require(SourceRing(formats: formats))
        ring.begin(at: 0)
        let piece = [UInt8](repeating: 0, count: 1920)
        var worst: Int64 = 0
        for i in 0..<300 {
            try encoder.feed(piece[...]) { ring.write($0, $1) }
            if i > 20 { worst = max(worst, encoder.taken - ring.written) }
        }
        #expect(worst <= 20, "\(worst * 10) ms")
    }
}
