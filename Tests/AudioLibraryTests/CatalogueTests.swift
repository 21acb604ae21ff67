import Playout
import Primitives
import Testing

@testable import AudioLibrary

/// Which file is whole, what is prepared and what is published, in virtual time.
@Suite struct CatalogueTests {
    /// A catalogue with a disk and a pool that only exist here.
    struct World {
        var catalogue: Catalogue
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var files: [String: FolderContents.Kind] = [:]
        /// Files that someone has open for writing; nil when the kernel can't tell.
        var open: Set<String>? = []
        var broken: [String: PreparationError] = [:]
        var folders: Set<String> = ["jazz"]
        var isNotified = true
        var jobs: [PreparationJob] = []
        var reports: [FileReport] = []
        var published: [String] = []
        /// Jobs aren't done until this is cleared.
        var isBusy = false

        init(_ classes: [String: ClassConfiguration] = [:]) {
            catalogue = Catalogue(
                configuration: AudioLibraryConfiguration(
                    mediaDirectory: "", cacheDirectory: "", formats: [.pcmu], classes: classes))
        }

        /// A file whose content is told by `content`, last changed `age` ago.
        mutating func put(
            _ path: String, _ content: UInt64, size: Int64 = 1000, age: Interval = .zero
        ) {
            let time = (now - age).nanoseconds
            files[path] = .file(
                FileIdentity(device: 1, inode: content, size: size, modified: time, changed: time))
        }

        mutating func look() {
            for folder in folders.union([""]) {
                var contents = FolderContents()
                contents.isNotified = isNotified
                contents.seen = now.nanoseconds
                for (path, kind) in files {
                    let parts = path.split(separator: "/")
                    if parts.dropLast().joined(separator: "/") == folder, let name = parts.last {
                        contents.files[String(name)] = kind
                    }
                }
                catalogue.observe(folder: folder, contents, now: now)
            }
            settle()
        }

        /// Lets time pass, to every moment at which something is due.
        mutating func pass(_ interval: Interval) {
            let end = now + interval
            settle()
            while let deadline = catalogue.deadline, deadline <= end {
                now = max(now, deadline)
                let before = catalogue.deadline
                settle()
                if catalogue.deadline == before { break }
            }
            now = end
            settle()
        }

        mutating func settle() {
            catalogue.advance(to: now)
            while true {
                let actions = catalogue.takeActions()
                if actions.isEmpty { return }
                for action in actions {
                    switch action {
                    case .prepare(let job):
                        jobs.append(job)
                        if !isBusy { finish(job) }
                    case .cancel: break
                    case .publish(let name): published.append(name)
                    case .report(let report): reports.append(report)
                    case .fallback: break
                    }
                }
                catalogue.advance(to: now)
            }
        }

        mutating func finish(_ job: PreparationJob) {
            catalogue.finish(job, outcome(job), now: now)
        }

        func outcome(_ job: PreparationJob) -> PreparationJob.Outcome {
            guard files[job.entry.path] == .file(job.identity) else { return .changed }
            if open?.contains(job.entry.path) == true { return .beingWritten }
            if open == nil && !job.isTrusted { return .unsure }
            if let error = broken[job.entry.path] { return .broken(error, isCertain: open != nil) }
            guard let track = World.track(job.identity.inode) else { return .changed }
            return .ready(track)
        }

        static func track(_ content: UInt64) -> PreparedTrack? {
            let memory: StaticString = "sound"
            let octets = (0..<32).map { UInt8(truncatingIfNeeded: content >> (UInt64($0 % 8) * 8)) }
            let rendition = Rendition(
                format: .pcmu, length: .seconds(60), base: memory.utf8Start
            ) {}
            return ContentHash(octets: octets).map {
                PreparedTrack(
                    hash: $0, title: nil, length: .seconds(60), renditions: [.pcmu: rendition])
            }
        }

        func hears(_ name: String) -> [String] {
            catalogue.content(of: name)?.items.map(\.path) ?? []
        }

        func cause(_ name: String) -> FallbackCause? { catalogue.content(of: name)?.fallback }

        func state(_ path: String) -> FileReport.State? {
            catalogue.fileReports.first { $0.path == path }?.state
        }
    }

    @Test func aFileOfOldIsPreparedAtOnce() {
        var world = World()
        world.put("jazz/a.wav", 1, age: .seconds(3600))
        world.look()
        #expect(world.jobs.count == 1)
        #expect(world.hears("jazz") == ["jazz/a.wav"])
        #expect(world.cause("jazz") == nil)
    }

    @Test func aNewFileIsPreparedWhenItHasBeenQuietForAMoment() {
        var world = World()
        world.put("jazz/a.wav", 1)
        world.look()
        #expect(world.jobs.isEmpty && world.state("jazz/a.wav") == .waiting("it is new"))
        world.pass(.milliseconds(299))
        #expect(world.jobs.isEmpty)
        world.pass(.milliseconds(1))
        #expect(world.hears("jazz") == ["jazz/a.wav"])
    }

    /// G42 a: a slow copy is not looked into before it is whole.
    @Test func aFileThatGrowsIsLeftAlone() {
        var world = World()
        world.open = ["jazz/a.wav"]
        for size in 1...30 {
            world.put("jazz/a.wav", 1, size: Int64(size) * 200_000)
            world.look()
            world.catalogue.note(.written, path: "jazz/a.wav", now: world.now)
            world.pass(.seconds(1))
        }
        #expect(world.hears("jazz").isEmpty && world.reports.isEmpty)
        world.open = []
        world.catalogue.note(.closed, path: "jazz/a.wav", now: world.now)
        world.look()
        world.pass(.seconds(1))
        #expect(world.hears("jazz") == ["jazz/a.wav"])
        #expect(world.reports.map(\.state) == [.playing])
    }

    /// G42 b: a pause of 30 s while it stays open.
    @Test(arguments: [true, false]) func aPauseInTheCopyIsNoEnd(_ kernelTellsOfWriters: Bool) {
        var world = World()
        world.open = kernelTellsOfWriters ? ["jazz/a.wav"] : nil
        world.put("jazz/a.wav", 1)
        world.look()
        world.catalogue.note(.written, path: "jazz/a.wav", now: world.now)
        world.pass(.seconds(30))
        #expect(world.hears("jazz").isEmpty && world.reports.isEmpty)
        world.put("jazz/a.wav", 1, size: 2000)
        world.open = kernelTellsOfWriters ? [] : nil
        world.catalogue.note(.closed, path: "jazz/a.wav", now: world.now)
        world.look()
        world.pass(.seconds(2))
        #expect(world.hears("jazz") == ["jazz/a.wav"])
    }

    /// Over NFS: nobody tells of writers or of closing; a half file that reads badly gets time.
    @Test func whereNothingIsToldALongerQuietDecides() {
        var world = World()
        world.open = nil
        world.isNotified = false
        world.broken["jazz/a.wav"] = .cutShort(promised: 10, found: 1)
        for size in 1...10 {
            world.put("jazz/a.wav", 1, size: Int64(size))
            world.look()
            world.pass(.seconds(1))
        }
        #expect(world.jobs.allSatisfy { !$0.isTrusted })
        // A stall of 20 s in the middle: it is read, found wanting, and nothing is said.
        world.pass(.seconds(20))
        #expect(world.reports.isEmpty)
        world.put("jazz/a.wav", 1, size: 11)
        world.broken = [:]
        world.look()
        world.pass(.seconds(3))
        #expect(world.hears("jazz") == ["jazz/a.wav"])
        #expect(world.reports.map(\.state) == [.playing])
    }

    @Test func whatStaysBrokenIsReportedOnce() {
        var world = World()
        world.open = nil
        world.broken["jazz/a.wav"] = .unreadable("text")
        world.put("jazz/a.wav", 1)
        world.look()
        world.pass(.seconds(29))
        #expect(world.reports.isEmpty)
        world.pass(.seconds(2))
        for _ in 0..<10 {
            world.look()
            world.pass(.seconds(60))
        }
        #expect(world.reports.count == 1)
        #expect(world.cause("jazz")?.reason == .allBroken(1))
    }

    @Test func anEmptyFileIsGivenTime() {
        var world = World()
        world.broken["jazz/a.wav"] = .empty
        world.put("jazz/a.wav", 1, size: 0)
        world.look()
        world.pass(.seconds(4))
        #expect(world.jobs.isEmpty)
        world.pass(.seconds(2))
        #expect(world.state("jazz/a.wav") == .broken("holds no audio"))
    }

    /// G42 e: the old content plays until the new one is ready, and if that is bad no longer.
    @Test func anOverwrittenFilePlaysAsItWasUntilTheNewIsReady() {
        var world = World()
        world.put("jazz/a.wav", 1, age: .seconds(100))
        world.look()
        let old = world.catalogue.content(of: "jazz")?.items.first?.track.hash
        world.open = ["jazz/a.wav"]
        world.put("jazz/a.wav", 2, size: 10)
        world.look()
        world.pass(.seconds(5))
        #expect(world.catalogue.content(of: "jazz")?.items.first?.track.hash == old)
        world.open = []
        world.pass(.seconds(3))
        let new = world.catalogue.content(of: "jazz")?.items.first?.track.hash
        #expect(new != nil && new != old)
        world.broken["jazz/a.wav"] = .unreadable("text")
        world.put("jazz/a.wav", 3)
        world.look()
        world.pass(.seconds(3))
        #expect(world.hears("jazz").isEmpty)
    }

    /// G42 f: a rename isn't heard as a loss of the class's only track.
    @Test func aRenameDoesNotSilenceTheClass() {
        var world = World()
        world.put("jazz/a.wav", 1, age: .seconds(100))
        world.look()
        world.files = [:]
        world.put("jazz/b.wav", 1)
        world.published = []
        world.look()
        world.pass(.seconds(3))
        #expect(world.hears("jazz") == ["jazz/b.wav"])
        #expect(world.published == ["jazz"])
        world.files = [:]
        world.look()
        #expect(world.cause("jazz")?.reason == .empty)
    }

    /// G42 g
    @Test func aLinkIsFollowedWhenItsTargetComes() {
        var world = World()
        world.files["jazz/a.wav"] = .danglingLink
        world.look()
        world.pass(.seconds(60))
        guard case .waiting? = world.state("jazz/a.wav") else {
            Issue.record("\(String(describing: world.state("jazz/a.wav")))")
            return
        }
        world.put("jazz/a.wav", 1)
        world.look()
        world.pass(.seconds(1))
        #expect(world.hears("jazz") == ["jazz/a.wav"])
    }

    @Test func fallsToTheDefaultClassAndThenToTheTone() {
        var world = World([
            "named": ClassConfiguration(), "one": ClassConfiguration(order: .file("x.wav")),
        ])
        world.put("jazz/a.wav", 1, age: .seconds(100))
        world.broken["jazz/a.wav"] = .unreadable("text")
        world.look()
        #expect(world.cause("default") == FallbackCause(reason: .missing, substitute: .tone))
        #expect(world.cause("jazz") == FallbackCause(reason: .allBroken(1), substitute: .tone))
        #expect(world.cause("named") == FallbackCause(reason: .missing, substitute: .tone))
        #expect(
            world.cause("one") == FallbackCause(reason: .fileMissing("x.wav"), substitute: .tone))
        world.put("b.wav", 2, age: .seconds(100))
        world.look()
        #expect(world.cause("default") == nil)
        for name in ["jazz", "named", "one"] {
            #expect(world.hears(name) == ["b.wav"])
            #expect(world.cause(name)?.substitute == .defaultClass("default"))
            #expect(world.catalogue.content(of: name)?.name == "default")
        }
    }

    @Test func listenersHearOneChangeWhenManyFilesCome() {
        var world = World()
        world.put("jazz/a.wav", 1, age: .seconds(100))
        world.look()
        world.published = []
        world.isBusy = true
        for i in 0..<20 { world.put("jazz/\(i).wav", UInt64(10 + i), age: .seconds(5)) }
        world.look()
        world.isBusy = false
        for job in world.jobs.dropFirst() {
            world.finish(job)
            world.pass(.milliseconds(50))
        }
        world.pass(.seconds(2))
        #expect(world.hears("jazz").count == 21)
        #expect(world.published.count == 1)
    }

    @Test func ordersAreTheSameOnEveryNode() {
        func listed(_ order: ClassConfiguration.Order, _ names: [(String, UInt64)]) -> [String] {
            var world = World(["jazz": ClassConfiguration(order: order)])
            for (name, content) in names { world.put("jazz/\(name)", content, age: .seconds(100)) }
            world.look()
            return world.hears("jazz")
        }
        let names: [(String, UInt64)] = [("b.wav", 3), ("B.wav", 1), ("a.wav", 2), ("ä.wav", 9)]
        // By content, whatever the names.
        #expect(
            listed(.shuffle, names) == ["jazz/B.wav", "jazz/a.wav", "jazz/b.wav", "jazz/ä.wav"])
        #expect(
            listed(.alphabetical, names) == [
                "jazz/B.wav", "jazz/a.wav", "jazz/b.wav", "jazz/ä.wav",
            ])
        #expect(listed(.file("b.wav"), names) == ["jazz/b.wav"])
        #expect(listed(.shuffle, [("x.wav", 5), ("y.wav", 5)]) == ["jazz/x.wav"])
    }

    @Test func anAnnouncementIsNoTrack() throws {
        var world = World([
            "jazz": ClassConfiguration(announcement: .init(file: "hold.wav", every: .seconds(30)))
        ])
        world.put("jazz/a.wav", 1, age: .seconds(100))
        world.put("jazz/hold.wav", 2, age: .seconds(100))
        world.look()
        world.catalogue.observe(
            announcementOf: "jazz", path: "jazz/hold.wav", world.files["jazz/hold.wav"],
            isNotified: false, now: world.now)
        world.pass(.seconds(1))
        #expect(world.hears("jazz") == ["jazz/a.wav"])
        #expect(world.catalogue.content(of: "jazz")?.announcement?.path == "jazz/hold.wav")
        let playlist = try world.catalogue.content(of: "jazz")?.playlist(
            formats: [.pcmu], tone: #require(World.track(9)))
        #expect(playlist?.playlist.programme.announcement?.interval == .time(.seconds(30)))
        #expect(playlist?.titles == ["a", "hold"])
    }

    @Test func aMissingAnnouncementIsReportedAndTheMusicPlays() {
        var world = World([
            "jazz": ClassConfiguration(announcement: .init(file: "hold.wav", every: .tracks(2)))
        ])
        world.put("jazz/a.wav", 1, age: .seconds(100))
        world.look()
        for _ in 0..<3 {
            world.catalogue.observe(
                announcementOf: "jazz", path: "hold.wav", nil, isNotified: false, now: world.now)
            world.pass(.seconds(1))
        }
        #expect(world.hears("jazz") == ["jazz/a.wav"])
        #expect(world.reports.filter { $0.path == "hold.wav" }.count == 1)
    }

    @Test func aChangedVolumeIsPreparedWhileTheOldPlays() {
        var world = World()
        world.put("jazz/a.wav", 1, age: .seconds(100))
        world.look()
        world.isBusy = true
        var configuration = world.catalogue.configuration
        configuration.classes["jazz"] = ClassConfiguration(volume: -6)
        world.catalogue.apply(configuration, now: world.now)
        world.settle()
        #expect(world.jobs.last?.settings.loudness == -29)
        #expect(world.hears("jazz") == ["jazz/a.wav"])
        world.isBusy = false
        world.published = []
        if let job = world.jobs.last { world.finish(job) }
        world.pass(.seconds(1))
        #expect(world.published == ["jazz"])
    }

    @Test func anUnreadableFolderPlaysOnAndIsReported() {
        var world = World()
        world.put("jazz/a.wav", 1, age: .seconds(100))
        world.look()
        var contents = FolderContents()
        contents.fault = "Permission denied"
        world.catalogue.observe(folder: "jazz", contents, now: world.now)
        world.pass(.seconds(10))
        #expect(world.hears("jazz") == ["jazz/a.wav"])
        #expect(world.reports.last?.state == .broken("Permission denied"))
    }

    @Test func usersWithoutFilesMakeNoClass() {
        var world = World()
        world.folders = ["users/alice", "users/bob", "jazz"]
        world.put("users/alice/a.mp3", 1, age: .seconds(100))
        world.look()
        #expect(world.catalogue.classNames == ["default", "jazz", "users/alice"])
    }

    @Test(arguments: [
        ("a.wav", true), ("A.WAV", true), ("x.mp3", true), ("x.opus", true), (".a.wav", false),
        ("x.m4a", true), ("x.sln16", true), ("x.wma", true),
        ("a.wav.part", false), (".new.wav.part", false), ("cover.jpg", false), ("Thumbs.db", false),
        (".DS_Store", false), ("LICENSE", false), ("notes.txt", false), ("CREDITS.md", false),
        ("wav", false), (".wav", false), ("a.wav~", false), ("a.flac.crdownload", false),
    ])
    func passesOverWhatIsNoMusic(_ name: String, _ isAudio: Bool) {
        #expect(FileNames.isAudio(name) == isAudio)
    }
}
