import Foundation
import Playout
import Testing

@testable import AudioLibrary

@Suite(.timeLimit(.minutes(1))) struct AudioLibraryTests {
    static func tone(_ scratch: Scratch, _ name: String, seconds: Double = 1, hertz: Int = 440)
        throws
    {
        let url = URL(fileURLWithPath: scratch.file(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try scratch.run(
            "sox", "-r", "8000", "-n", "-c", "1", name, "synth", "\(seconds)", "sine", "\(hertz)",
            "gain", "-10")
    }

    @Test func playsTheToneAtOnceAndFilesWhenTheyAreReady() async throws {
        let scratch = Scratch()
        try Self.tone(scratch, "Media/a.wav", hertz: 300)
        try Self.tone(scratch, "Media/jazz/b.wav", hertz: 400)
        let listening = try Listening(
            scratch, formats: MediaFormat.allCases, classes: ["missing": ClassConfiguration()])
        for name in ["default", "jazz", "missing"] {
            let first = try #require(listening.current(name))
            #expect(first.playlist.renditions.count == MediaFormat.allCases.count)
            #expect(first.fallback?.substitute == .tone)
        }
        #expect(await listening.hears("default", ["a"]) != nil)
        #expect(await listening.hears("jazz", ["b"]) != nil)
        #expect(
            await listening.wait {
                $0.className == "missing" && $0.playlist.titles == ["a"]
                    && $0.playlist.fallback
                        == FallbackCause(reason: .missing, substitute: .defaultClass("default"))
            } != nil)
    }

    @Test func followsFilesThatComeAndGo() async throws {
        let scratch = Scratch()
        try Self.tone(scratch, "Media/a.wav", hertz: 300)
        let listening = try Listening(scratch)
        #expect(await listening.hears("default", ["a"]) != nil)
        try Self.tone(scratch, "Media/default/b.wav", hertz: 400)
        #expect(await listening.hears("default", ["a", "b"]) != nil)
        try FileManager.default.moveItem(
            atPath: scratch.file("Media/a.wav"), toPath: scratch.file("Media/c.wav"))
        #expect(await listening.hears("default", ["b", "c"]) != nil)
        try FileManager.default.removeItem(atPath: scratch.file("Media/default/b.wav"))
        #expect(await listening.hears("default", ["c"]) != nil)
        try Self.tone(scratch, "Media/new class/d.wav", hertz: 500)
        #expect(await listening.hears("new class", ["d"]) != nil)
        try FileManager.default.removeItem(atPath: scratch.file("Media/c.wav"))
        #expect(
            await listening.wait { $0.className == "default" && $0.playlist.fallback != nil } != nil
        )
    }
}
