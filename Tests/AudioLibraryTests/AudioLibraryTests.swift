import Foundation
import Playout
import Primitives
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

    /// A folder of albums is one class; whole folders come, are renamed and go.
    @Test(arguments: [false, true]) func playsTheFoldersInAClass(_ alwaysPolls: Bool) async throws {
        let scratch = Scratch()
        try Self.tone(scratch, "Media/jazz/a.wav", hertz: 300)
        try Self.tone(scratch, "Media/jazz/One/b.wav", hertz: 400)
        try Self.tone(scratch, "Media/jazz/One/CD 2/c.wav", hertz: 500)
        try Self.tone(scratch, "Media/jazz/.hidden/x.wav", hertz: 510)
        try Self.tone(scratch, "Media/users/alice/mine/d.wav", hertz: 600)
        let listening = try Listening(scratch) { configuration in
            configuration.alwaysPolls = alwaysPolls
            configuration.pollInterval = .milliseconds(100)
        }
        #expect(await listening.hears("jazz", ["a", "b", "c"]) != nil)
        #expect(await listening.hears("users/alice", ["d"]) != nil)
        try FileManager.default.moveItem(
            atPath: scratch.file("Media/jazz/One/CD 2"), toPath: scratch.file("elsewhere"))
        #expect(await listening.hears("jazz", ["a", "b"]) != nil)
        try FileManager.default.moveItem(
            atPath: scratch.file("elsewhere"), toPath: scratch.file("Media/jazz/Two"))
        #expect(await listening.hears("jazz", ["a", "b", "c"]) != nil)
        try Self.tone(scratch, "Media/jazz/Two/deeper/e.wav", hertz: 700)
        #expect(await listening.hears("jazz", ["a", "b", "c", "e"]) != nil)
        try FileManager.default.removeItem(atPath: scratch.file("Media/jazz/Two"))
        #expect(await listening.hears("jazz", ["a", "b"]) != nil)
        try FileManager.default.removeItem(atPath: scratch.file("Media/jazz"))
        #expect(
            await listening.wait { $0.className == "jazz" && $0.playlist.fallback != nil } != nil)
    }

    /// Links to folders may lead round, so that they are named and not followed.
    @Test func linksToFoldersAreNamed() async throws {
        let scratch = Scratch()
        try Self.tone(scratch, "Media/jazz/a.wav", hertz: 300)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.file("Media/jazz/round"), withDestinationPath: "..")
        let listening = try Listening(scratch)
        #expect(await listening.hears("jazz", ["a"]) != nil)
        for reports in [
            listening.library.files,
            AudioLibrary.survey(
                AudioLibraryConfiguration(
                    mediaDirectory: scratch.file("Media"), cacheDirectory: scratch.file("cache"))),
        ] {
            #expect(reports.map(\.path).sorted() == ["jazz/a.wav", "jazz/round"])
            let link = try #require(reports.first { $0.path == "jazz/round" })
            #expect(link.className == "jazz")
            guard case .broken(let why) = link.state else {
                Issue.record("\(link.state)")
                continue
            }
            #expect(why.hasPrefix("is a link to a folder"))
        }
    }

    @Test func oneFileOfAFolderInAClass() async throws {
        let scratch = Scratch()
        try Self.tone(scratch, "Media/jazz/One/a.wav", hertz: 300)
        try Self.tone(scratch, "Media/jazz/Two/a.wav", hertz: 400)
        try Self.tone(scratch, "Media/jazz/b.wav", hertz: 500)
        let listening = try Listening(
            scratch, classes: ["jazz": ClassConfiguration(order: .file("Two/a.wav"))])
        #expect(await listening.hears("jazz", ["a"]) != nil)
        #expect(listening.library.files.map(\.path) == ["jazz/Two/a.wav"])
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
