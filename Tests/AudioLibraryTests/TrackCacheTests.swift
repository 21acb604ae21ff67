import Foundation
import Glibc
import Playout
import Testing

@testable import AudioLibrary

@Suite struct TrackCacheTests {
    static let settings = PreparationSettings(
        loudness: -23, truePeakLimit: -1, formats: [.pcmu, .opusMono])

    @Test func headersSurviveBeingWritten() throws {
        let hash = try #require(SHA256.digest([1, 2, 3]))
        for title in [nil, "", "Ein Lied: schön", String(repeating: "ü", count: 900)] {
            let header = TrackHeader(
                hash: hash, length: MediaTime(ticks: 12345), loudness: -17.5, title: title,
                formats: MediaFormat.allCases)
            let page = try #require(header.page)
            #expect(page.count == TrackHeader.size)
            #expect(TrackHeader(page: page) == header)
        }
    }

    @Test func everyChangedOctetOfAHeaderIsNoticed() throws {
        let header = TrackHeader(
            hash: try #require(SHA256.digest([])), length: .seconds(3), loudness: -20, title: "t",
            formats: [.pcmu, .g722])
        let page = try #require(header.page)
        for i in stride(from: 0, to: page.count, by: 7) {
            var changed = page
            changed[i] ^= 0x10
            #expect(TrackHeader(page: changed) == nil)
        }
        #expect(TrackHeader(page: Array(page.dropLast())) == nil)
    }

    struct Damage: CustomTestStringConvertible {
        var testDescription: String
        var command: String
    }

    @Test(arguments: [
        Damage(testDescription: "cut", command: "truncate -s -1 cache/*.track"),
        Damage(testDescription: "emptied", command: "truncate -s 0 cache/*.track"),
        Damage(testDescription: "longer", command: "echo >> $(echo cache/*.track)"),
        Damage(
            testDescription: "header changed",
            command: "printf X | dd of=$(echo cache/*.track) bs=1 seek=60 conv=notrunc status=none"),
        Damage(
            testDescription: "zeros",
            command:
                "dd if=/dev/zero of=$(echo cache/*.track) bs=4096 count=1 conv=notrunc status=none"),
        Damage(testDescription: "removed", command: "rm cache/*.track"),
    ])
    func aDamagedTrackIsMadeAgain(_ damage: Damage) throws {
        let scratch = Scratch()
        try AudioLibraryTests.tone(scratch, "a.wav")
        let cache = try TrackCache(directory: scratch.file("cache"))
        func prepare() throws -> PreparedTrack {
            try cache.prepare(
                Descriptor(reading: scratch.file("a.wav")), known: nil, settings: Self.settings)
        }
        let first = try prepare()
        try scratch.run("bash", "-c", damage.command)
        #expect(cache.load(first.hash, Self.settings) == nil)
        let again = try prepare()
        #expect(again.hash == first.hash)
        #expect(cache.load(first.hash, Self.settings) != nil)
    }

    @Test func formatsAreAddedAndSettingsKeptApart() throws {
        let scratch = Scratch()
        try AudioLibraryTests.tone(scratch, "a.wav")
        let cache = try TrackCache(directory: scratch.file("cache"))
        let hash = try cache.prepare(
            Descriptor(reading: scratch.file("a.wav")), known: nil, settings: Self.settings
        ).hash
        var more = Self.settings
        more.formats.append(.pcma)
        #expect(cache.load(hash, more) == nil)
        var fewer = Self.settings
        fewer.formats = [.pcmu]
        #expect(cache.load(hash, fewer)?.renditions.count == 1)
        var louder = Self.settings
        louder.loudness = -20
        #expect(cache.load(hash, louder) == nil)
    }

    @Test func sweepsWhatNobodyUses() throws {
        let scratch = Scratch()
        let cache = try TrackCache(directory: scratch.file("cache"))
        for name in ["old.track", "used.track", "new.track", ".x.track.1.1", "index"] {
            try scratch.write([1], to: "cache/\(name)")
        }
        for name in ["old.track", "used.track", ".x.track.1.1", "index"] {
            try scratch.run("touch", "-d", "40 days ago", "cache/\(name)")
        }
        cache.sweep(days: 30, keeping: [scratch.file("cache/used.track")])
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.file("cache"))
            .sorted()
        #expect(left == ["index", "new.track", "used.track"])
        // Its time was renewed.
        cache.sweep(days: 30, keeping: [])
        #expect(FileManager.default.fileExists(atPath: scratch.file("cache/used.track")))
    }

    @Test func anUnusableCacheIsAnErrorWithItsPath() throws {
        let scratch = Scratch()
        try scratch.write([1], to: "file")
        #expect(throws: AudioLibraryError.self) {
            try TrackCache(directory: scratch.file("file/cache"))
        }
    }

    @Test func theIndexSurvivesAndDamageDoesNot() throws {
        let scratch = Scratch()
        let path = scratch.file("index")
        let identity = FileIdentity(device: 1, inode: 2, size: 3, modified: 4, changed: 5)
        let hash = try #require(SHA256.digest([7]))
        let index = ContentIndex(path: path)
        index.note(hash, for: identity)
        index.save(keeping: [identity])
        #expect(ContentIndex(path: path)[identity] == hash)
        var octets = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
        octets[4] ^= 1
        try scratch.write(octets, to: "index")
        #expect(ContentIndex(path: path)[identity] == nil)
        index.save(keeping: [])
        #expect(ContentIndex(path: path)[identity] == nil)
    }
}
