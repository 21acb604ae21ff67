import Foundation
import Glibc
import Playout
import Testing

@testable import AudioLibrary

/// Cases G42 and G43 on a real file system.
@Suite(.timeLimit(.minutes(2))) struct ArrivalTests {
    /// Octets of a tone as a wave file.
    static func wave(_ seconds: Double, hertz: Double = 440) -> [UInt8] {
        WaveFiles.riff(
            WaveFiles.format,
            WaveFiles.chunk("data", WaveFiles.sine(seconds: seconds, hertz: hertz)))
    }

    /// With and without the kernel's word for what happens.
    @Test(arguments: [false, true])
    func aCopyIsNotHeardBeforeItIsWhole(_ polls: Bool) async throws {
        let scratch = Scratch()
        let listening = try Listening(scratch) { $0.alwaysPolls = polls }
        let octets = Self.wave(20)
        let url = URL(fileURLWithPath: scratch.file("Media/a.wav"))
        try Data().write(to: url)
        let handle = try FileHandle(forWritingTo: url)
        let piece = octets.count / 10
        for i in 0..<10 {
            try handle.write(
                contentsOf: octets[i * piece..<(i == 9 ? octets.count : (i + 1) * piece)])
            try await Task.sleep(for: .milliseconds(polls ? 400 : 200))
            #expect(
                listening.library.files.allSatisfy {
                    if case .broken = $0.state { false } else { $0.state != .playing }
                })
        }
        try handle.close()
        let whole = ContinuousClock.now
        let heard = try #require(await listening.hears("default", ["a"]))
        #expect(heard.playlist.programme.lengths == [.seconds(20)])
        #expect(ContinuousClock.now - whole < .seconds(5))
    }

    @Test func aRenamedFileIsHeardOnce() async throws {
        let scratch = Scratch()
        let listening = try Listening(scratch)
        try scratch.write(Self.wave(1), to: "Media/.new.wav.part")
        try FileManager.default.moveItem(
            atPath: scratch.file("Media/.new.wav.part"), toPath: scratch.file("Media/new.wav"))
        #expect(await listening.hears("default", ["new"]) != nil)
        #expect(listening.library.files.count == 1)
    }

    @Test func whatPlaysOutlivesTheFileThatItCameFrom() async throws {
        let scratch = Scratch()
        try scratch.write(Self.wave(10, hertz: 500), to: "Media/a.wav")
        let listening = try Listening(scratch)
        let old = try #require(await listening.hears("default", ["a"]))
        let rendition = try #require(old.playlist.renditions[.pcmu]?.first)
        let before = [UInt8](UnsafeRawBufferPointer(start: rendition.base, count: rendition.octets))
        // In place, and shorter.
        truncate(scratch.file("Media/a.wav"), 0)
        try scratch.write(Self.wave(2, hertz: 600), to: "Media/b.wav")
        try scratch.run("cp", "--no-preserve=all", "Media/b.wav", "Media/a.wav")
        try FileManager.default.removeItem(atPath: scratch.file("Media/b.wav"))
        let new = try #require(
            await listening.wait {
                $0.className == "default" && $0.playlist.playlist.programme.lengths == [.seconds(2)]
                    && $0.playlist.titles == ["a"]
            })
        #expect(new.fallback == nil)
        let after = [UInt8](UnsafeRawBufferPointer(start: rendition.base, count: rendition.octets))
        #expect(before == after)
        try FileManager.default.removeItem(atPath: scratch.file("Media/a.wav"))
        #expect(
            await listening.wait { $0.className == "default" && $0.playlist.fallback != nil } != nil
        )
        #expect(
            before
                == [UInt8](UnsafeRawBufferPointer(start: rendition.base, count: rendition.octets)))
    }

    @Test func aLinkWhoseTargetComesLater() async throws {
        let scratch = Scratch()
        let listening = try Listening(scratch)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.file("Media/link.wav"), withDestinationPath: scratch.file("target.wav"))
        let waiting = await listening.reports { !$0.isEmpty }
        #expect(waiting.first?.path == "link.wav")
        try scratch.write(Self.wave(1), to: "target.wav")
        #expect(await listening.hears("default", ["link"]) != nil)
        // A folder as well.
        try FileManager.default.createSymbolicLink(
            atPath: scratch.file("Media/jazz"), withDestinationPath: scratch.file("elsewhere"))
        try scratch.write(Self.wave(1, hertz: 600), to: "elsewhere/j.wav")
        #expect(await listening.hears("jazz", ["j"]) != nil)
    }

    @Test func oneBadFileStopsNothing() async throws {
        let scratch = Scratch()
        try scratch.write(Self.wave(1), to: "Media/good/a.wav")
        try scratch.write(Array("words".utf8), to: "Media/good/song.wav")
        try scratch.write([], to: "Media/good/x.mp3")
        try scratch.write([1], to: "Media/good/.DS_Store")
        try scratch.write([1], to: "Media/good/Thumbs.db")
        try scratch.write([1], to: "Media/good/cover.jpg")
        try scratch.write([1], to: "Media/good/locked/y.wav")
        chmod(scratch.file("Media/good/locked"), 0)
        symlink("/nonexistent", scratch.file("Media/good/broken.wav"))
        try scratch.write(Array("words".utf8), to: "Media/bad/song.wav")
        try FileManager.default.createDirectory(
            atPath: scratch.file("Media/nothing"), withIntermediateDirectories: true)
        try scratch.write(Self.wave(1, hertz: 300), to: "Media/default/d.wav")
        let listening = try Listening(scratch)
        #expect(await listening.hears("good", ["a"]) != nil)
        for (name, reason) in [("bad", FallbackCause.Reason.allBroken(1)), ("nothing", .empty)] {
            #expect(
                await listening.hears(
                    name, ["d"],
                    fallback: FallbackCause(reason: reason, substitute: .defaultClass("default")))
                    != nil)
        }
        let files = await listening.reports { files in
            files.contains { $0.path == "good/x.mp3" && $0.state == .broken("holds no audio") }
        }
        // Nobody but root can look into it.
        let locked = geteuid() == 0 ? "good/locked/y.wav" : "good/locked"
        #expect(
            files.map(\.path) == [
                "bad/song.wav", "default/d.wav", "good/a.wav", "good/broken.wav", locked,
                "good/song.wav", "good/x.mp3",
            ])
        #expect(listening.library.classes.map(\.name) == ["bad", "default", "good", "nothing"])
        chmod(scratch.file("Media/good/locked"), 0o755)
    }

    @Test func aMediaDirectoryThatComesLater() async throws {
        let scratch = Scratch()
        let listening = try Listening(scratch) { $0.mediaDirectory = scratch.file("later") }
        #expect(listening.current("default")?.fallback?.substitute == .tone)
        #expect(listening.library.files.map(\.state) == [.broken("there is no such directory")])
        try scratch.write(Self.wave(1), to: "later/a.wav")
        #expect(await listening.hears("default", ["a"]) != nil)
    }

    @Test func restartsWithoutPreparingAgain() async throws {
        let scratch = Scratch()
        try scratch.write(Self.wave(30), to: "Media/a.wav")
        do {
            let listening = try Listening(scratch)
            #expect(await listening.hears("default", ["a"]) != nil)
            listening.library.stop()
        }
        let tracks = try FileManager.default.contentsOfDirectory(atPath: scratch.file("cache"))
            .filter { $0.hasSuffix(".track") }
        #expect(tracks.count == 1)
        let path = scratch.file("cache/\(tracks[0])")
        var before = stat()
        stat(path, &before)
        let listening = try Listening(scratch)
        #expect(await listening.hears("default", ["a"]) != nil)
        var after = stat()
        stat(path, &after)
        #expect(before.st_ino == after.st_ino)
    }
}
