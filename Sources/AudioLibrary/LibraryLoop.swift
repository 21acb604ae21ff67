import Glibc
import Logging
import Playout
import Primitives

/// The library's own thread: tells the catalogue what happens, and does what it says.
final class LibraryLoop {
    /// Quiet after the first sign of a change, so that one look sees all of it.
    private static let gathering = Interval.milliseconds(20)
    /// How often everything is looked at where the kernel tells of changes; in case it did not.
    private static let sweep = Interval.seconds(300)
    /// How often links and announcements are looked at.
    private static let linkPoll = Interval.seconds(1)

    private var catalogue: Catalogue
    private var configuration: AudioLibraryConfiguration
    private let scan: FolderScan
    private var watch = FolderWatch()
    private let cache: TrackCache
    private let index: ContentIndex
    private let pool: PreparationPool
    private let mailbox: LibraryMailbox
    private let logger: Logger
    private let publish: AudioLibrary.Publish
    private var progressBar = ProgressBar()

    private var tone: PreparedTrack?
    /// Folders known so far; `""` is the root and `users` that of the users' folders.
    private var folders: Set<String> = []
    /// Folders that are to be looked at.
    private var dirty: Set<String> = [""]
    /// Folders that are looked at without being told, and when.
    private var nextPoll: [String: Instant] = [:]
    private var nextAnnouncements = Instant(nanoseconds: .min)
    private var nextSweep = Instant(nanoseconds: .min)
    private var nextUpkeep = Instant(nanoseconds: .min)
    private var needsReports = true
    private var isStopping = false

    init(
        configuration: AudioLibraryConfiguration, cache: TrackCache, index: ContentIndex,
        pool: PreparationPool, mailbox: LibraryMailbox, logger: Logger,
        publish: @escaping AudioLibrary.Publish
    ) {
        self.configuration = configuration
        self.cache = cache
        self.index = index
        self.pool = pool
        self.mailbox = mailbox
        self.logger = logger
        self.publish = publish
        catalogue = Catalogue(configuration: configuration)
        scan = FolderScan(path: configuration.mediaDirectory)
        makeTone()
    }

    func run() {
        while !isStopping {
            wait()
            turn()
        }
        save()
    }

    /// One round: hear what happened, look where something did, decide, act.
    func turn() {
        let now = monotonicNow()
        takeLetters(now)
        takeChanges(now)
        addPolled(now)
        if !dirty.isEmpty { look(now) }
        if now >= nextAnnouncements { lookForAnnouncements(now) }
        catalogue.advance(to: now)
        act()
        if needsReports {
            mailbox.reports = .init(files: catalogue.fileReports, classes: catalogue.classReports)
            needsReports = false
        }
        if now >= nextUpkeep {
            nextUpkeep = now + (nextUpkeep.nanoseconds == .min ? .seconds(60) : .seconds(3600))
            save()
        }
        if configuration.showsProgress { progressBar.show(pool.progress) }
    }

    // MARK: Waiting

    private func wait() {
        let now = monotonicNow()
        var until = nextSweep
        if let deadline = catalogue.deadline { until = min(until, deadline) }
        for next in nextPoll.values { until = min(until, next) }
        until = min(until, nextAnnouncements, nextUpkeep)
        if !dirty.isEmpty { until = min(until, now + LibraryLoop.gathering) }
        if configuration.showsProgress && pool.progress != nil {
            until = min(until, now + .milliseconds(200))
        }
        // Rounded up: waking before the time comes would only mean another wait.
        let milliseconds = max(0, ((until - now).nanoseconds &+ 999_999) / 1_000_000)
        var sources = [
            pollfd(fd: mailbox.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: watch.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        poll(&sources, UInt(sources.count), Int32(min(milliseconds, 60_000)))
        // A file's appearance, its content and its closing come close upon each other.
        if sources[1].revents != 0 { usleep(UInt32(LibraryLoop.gathering.nanoseconds / 1000)) }
    }

    private func takeLetters(_ now: Instant) {
        for letter in mailbox.takeAll() {
            switch letter {
            case .stop: isStopping = true
            case .apply(let new): apply(new, now)
            case .finished(let job, let outcome):
                if case .changed = outcome { dirty.insert(folder(of: job.entry.path)) }
                catalogue.finish(job, outcome, now: now)
            }
            needsReports = true
        }
    }

    private func apply(_ new: AudioLibraryConfiguration, _ now: Instant) {
        let old = configuration
        configuration = new
        // Everything that is open and watched hangs on these.
        configuration.mediaDirectory = old.mediaDirectory
        configuration.cacheDirectory = old.cacheDirectory
        if old.formats != new.formats || old.truePeakLimit != new.truePeakLimit { makeTone() }
        catalogue.apply(configuration, now: now)
        dirty.formUnion(folders)
        nextAnnouncements = now
    }

    // MARK: Looking

    private func takeChanges(_ now: Instant) {
        for change in watch.changes() {
            switch change {
            case .overflow: dirty.formUnion(folders)
            case .folder(let folder): dirty.insert(folder)
            case .file(let folder, let name, let event):
                catalogue.note(event, path: folder.isEmpty ? name : "\(folder)/\(name)", now: now)
            }
        }
    }

    private func addPolled(_ now: Instant) {
        if now >= nextSweep {
            nextSweep = now + LibraryLoop.sweep
            dirty.formUnion(folders)
            dirty.insert("")
        }
        for (folder, next) in nextPoll where next <= now { dirty.insert(folder) }
    }

    private func look(_ now: Instant) {
        needsReports = true
        if dirty.remove("") != nil { lookAtRoot(now) }
        if dirty.remove("users") != nil { lookAtUsers(now) }
        var later: Set<String> = []
        while let folder = dirty.popFirst() {
            guard folders.contains(folder) else { continue }
            startWatching(folder)
            let contents = scan.contents(folder)
            catalogue.observe(folder: folder, contents, now: now)
            if let contents {
                setPoll(folder, contents, now)
                if contents.fault == nil { noteFolders(in: folder, contents.folders, now) }
            } else {
                forget(folder, now)
                later.insert(self.folder(of: folder))
            }
        }
        dirty = later
    }

    /// Follows the folders within one of a class.
    private func noteFolders(in folder: String, _ names: Set<String>, _ now: Instant) {
        let found = Set(names.map { "\(folder)/\($0)" })
        let known = folders.filter { $0.hasPrefix("\(folder)/") && self.folder(of: $0) == folder }
        for gone in known.subtracting(found) { forget(gone, now) }
        for new in found.subtracting(known) {
            folders.insert(new)
            dirty.insert(new)
        }
    }

    private func lookAtRoot(_ now: Instant) {
        folders.insert("")
        startWatching("")
        let root = scan.root()
        catalogue.observe(folder: "", root.contents, now: now)
        setPoll(
            "", root.contents, now,
            hasDanglingLink: root.hasDanglingLink || root.contents.fault != nil)
        var found = root.folders.subtracting(FileNames.reservedFolders)
        if root.folders.contains("users") { found.insert("users") }
        let known = folders.filter { !$0.isEmpty && !$0.contains("/") }
        // While the root can't be read, nothing is known to be gone.
        if root.contents.fault == nil {
            for gone in known.subtracting(found) { forget(gone, now) }
        }
        for new in found.subtracting(folders) {
            folders.insert(new)
            dirty.insert(new)
        }
    }

    private func lookAtUsers(_ now: Instant) {
        guard folders.contains("users") else { return }
        startWatching("users")
        let found = Set(scan.users().map { "users/\($0)" })
        for gone in folders.filter({ self.folder(of: $0) == "users" }).subtracting(found) {
            forget(gone, now)
        }
        for new in found.subtracting(folders) {
            folders.insert(new)
            dirty.insert(new)
        }
        var contents = FolderContents()
        contents.isNotified = !isRemote("\(scan.path)/users")
        setPoll("users", contents, now)
    }

    private func forget(_ folder: String, _ now: Instant) {
        folders.remove(folder)
        watch.forget(folder)
        nextPoll[folder] = nil
        for inner in folders where inner.hasPrefix("\(folder)/") { forget(inner, now) }
        if folder != "users" { catalogue.observe(folder: folder, nil, now: now) }
    }

    private func startWatching(_ folder: String) {
        if configuration.alwaysPolls || watch.isWatching(folder) { return }
        _ = watch.watch(folder, at: folder.isEmpty ? scan.path : "\(scan.path)/\(folder)")
    }

    private func isTold(_ folder: String) -> Bool {
        !configuration.alwaysPolls && watch.isWatching(folder)
    }

    private func setPoll(
        _ folder: String, _ contents: FolderContents, _ now: Instant, hasDanglingLink: Bool = false
    ) {
        if !isTold(folder) || !contents.isNotified {
            nextPoll[folder] = now + configuration.pollInterval
        } else if contents.hasLinks || hasDanglingLink || contents.fault != nil {
            nextPoll[folder] = now + LibraryLoop.linkPoll
        } else {
            nextPoll[folder] = nil
        }
    }

    private func lookForAnnouncements(_ now: Instant) {
        let announced = configuration.classes.filter { $0.value.announcement != nil }
        nextAnnouncements = now + (announced.isEmpty ? LibraryLoop.sweep : LibraryLoop.linkPoll)
        for (name, own) in configuration.classes {
            guard let file = own.announcement?.file else {
                catalogue.observe(announcementOf: name, path: nil, nil, isNotified: false, now: now)
                continue
            }
            let candidates = ["\(name)/\(file)", file]
            let found = candidates.first { scan.kind("\(scan.path)/\($0)") != nil }
            let path = found ?? file
            catalogue.observe(
                announcementOf: name, path: path, scan.kind("\(scan.path)/\(path)"),
                isNotified: false, now: now)
        }
    }

    private func folder(of path: String) -> String {
        path.split(separator: "/").dropLast().joined(separator: "/")
    }

    // MARK: Acting

    private func act() {
        for action in catalogue.takeActions() {
            needsReports = true
            switch action {
            case .prepare(let job): pool.submit(job)
            case .cancel(let entry): pool.cancel(entry)
            case .publish(let name): publishClass(name)
            case .report(let report): log(report)
            case .fallback(let name, let cause): log(name, cause)
            }
        }
    }

    private func publishClass(_ name: String) {
        guard let content = catalogue.content(of: name), let tone,
            let playlist = content.playlist(formats: configuration.formats, tone: tone)
        else {
            logger.critical("a class can't be laid out", metadata: ["class": "\(name)"])
            return
        }
        publish(name, playlist)
    }

    private func makeTone() {
        do throws(PreparationError) {
            tone = try Tone.prepare(
                formats: configuration.formats, truePeakLimit: configuration.truePeakLimit)
        } catch {
            logger.critical("the tone can't be made", metadata: ["reason": "\(error)"])
        }
    }

    private func log(_ report: FileReport) {
        progressBar.clear()
        switch report.state {
        case .broken(let why):
            logger.warning(
                "a file can't be played", metadata: ["file": "\(report.path)", "reason": "\(why)"])
        case .playing:
            logger.info(
                "a file is ready",
                metadata: [
                    "file": "\(report.path)", "class": "\(report.className ?? "")",
                    "seconds": "\(rounded(report.length?.seconds ?? 0))",
                ])
        case .waiting, .preparing: break
        }
    }

    private func log(_ name: String, _ cause: FallbackCause?) {
        guard let cause else {
            return logger.info("a class plays its own music", metadata: ["class": "\(name)"])
        }
        progressBar.clear()
        let metadata: Logger.Metadata = ["class": "\(name)", "reason": "\(cause)"]
        if cause.isAlarm {
            logger.warning("a class plays other music than its own", metadata: metadata)
        } else {
            logger.debug("a class plays other music than its own", metadata: metadata)
        }
    }

    private func save() {
        index.save(keeping: catalogue.identities)
        cache.sweep(days: configuration.cacheRetentionDays, keeping: catalogue.cachePaths(cache))
    }
}

func monotonicNow() -> Instant {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Instant(nanoseconds: Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec))
}
