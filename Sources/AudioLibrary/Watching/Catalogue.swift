import Playout
import Primitives

/// Decides which files are whole, which are prepared when, and what each class plays.
///
/// Takes what was seen and when, and says what is to be done; it looks at nothing itself. After
/// any number of inputs the caller calls ``advance(to:)``, drains ``takeActions()``, and comes
/// back at ``deadline`` at the latest.
///
/// A file counts as whole when nobody has it open for writing and it has been quiet for a moment.
/// Where that can't be known, being told that it was closed will do, and failing that a longer
/// quiet.
struct Catalogue {
    enum Action: Equatable {
        case prepare(PreparationJob)
        /// Nobody wants the result any more.
        case cancel(EntryKey)
        /// ``content(of:)`` is to be published.
        case publish(className: String)
        /// The state of a file changed in a way that an operator wants to know, once.
        case report(FileReport)
        /// Whether a class plays other music than its own changed.
        case fallback(className: String, FallbackCause?)
    }

    /// What the kernel told about a file.
    enum Event {
        case written, closed, movedIn
    }

    /// Quiet after which a file that nobody has open is taken for whole.
    static let settling = Interval.milliseconds(300)
    /// The same where nobody can tell whether someone has it open.
    static let unsureSettling = Interval.seconds(2)
    /// The same for an empty file, which most often is one that is about to be written.
    static let emptySettling = Interval.seconds(5)
    /// A file that was written and never closed, as far as the kernel told.
    static let abandoned = Interval.seconds(600)
    /// How long a file that can't be read may be one that is still being written.
    static let doubt = Interval.seconds(30)
    /// How soon a file that someone has open is tried again.
    static let retry = Interval.milliseconds(500)
    /// How long a new programme waits for further files, so that listeners hear one change.
    static let gathering = Interval.seconds(2)
    /// The same while the class plays no music of its own.
    static let firstGathering = Interval.milliseconds(250)

    private(set) var configuration: AudioLibraryConfiguration
    private var entries: [EntryKey: Entry] = [:]
    private var keys: [String: Set<EntryKey>] = [:]
    private var folders: [String: FolderContents] = [:]
    private var published: [String: ClassContent] = [:]
    private var announcementPaths: [String: Set<EntryKey>] = [:]
    /// Classes of which something changed, with the time of the first change.
    private var stale: [String: Instant] = [:]
    private var actions: [Action] = []

    private struct Entry {
        enum State {
            case missing
            case dangling
            case unreadable(String)
            /// Not whole; looked at again at this time.
            case waiting(String, until: Instant)
            case preparing(PreparationJob)
            case ready
            case broken(String)
        }

        var state: State
        var identity: FileIdentity?
        /// When it was last seen to change.
        var changed: Instant
        /// Written to since it was last closed, as the kernel told.
        var isOpen = false
        var wasClosed = false
        var isNotified = true
        /// What plays until the file's new content is ready.
        var track: PreparedTrack?
        var settings: PreparationSettings?

        var isPending: Bool {
            switch state {
            case .waiting, .preparing: true
            case .missing, .dangling, .unreadable, .ready, .broken: false
            }
        }
    }

    init(configuration: AudioLibraryConfiguration) {
        self.configuration = configuration
        for name in classNames { stale[name] = Instant(nanoseconds: .min) }
    }

    /// What is to be done, in order; none is given twice.
    mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    /// When ``advance(to:)`` is next due; nil when nothing waits for time to pass.
    var deadline: Instant? {
        var earliest: Instant?
        for case .waiting(_, let until) in entries.values.map(\.state) {
            earliest = min(earliest ?? until, until)
        }
        for (name, since) in stale {
            let due = publicationDue(name, since)
            earliest = min(earliest ?? due, due)
        }
        return earliest
    }

    // MARK: Inputs

    /// Follows a changed configuration.
    mutating func apply(_ new: AudioLibraryConfiguration, now: Instant) {
        let oldClasses = Set(classNames)
        configuration = new
        for (name, contents) in folders { place(contents, folder: name, now: now) }
        for key in entries.keys where !isWanted(key) { drop(key, now: now) }
        for (key, entry) in entries {
            let settings = settings(of: key.className)
            switch entry.state {
            case .preparing(let job) where job.settings != settings: start(key, now: now)
            // The file is the same, so there is nothing to wait for.
            case .ready where entry.settings != settings: start(key, now: now)
            default: break
            }
        }
        for name in oldClasses.union(classNames) { touch(name, now) }
    }

    /// A folder was looked at: `""` is the media directory itself, then `CLASS` and `users/USER`
    /// and the folders in these.
    /// - Parameter contents: nil when there is no such folder any more.
    mutating func observe(folder: String, _ contents: FolderContents?, now: Instant) {
        let before = folders[folder]
        if contents != before { touch(className(ofFolder: folder), now) }
        if let fault = contents?.fault, fault != before?.fault {
            actions.append(.report(folderReport(folder, fault)))
        }
        if let contents, contents.fault != nil, let before {
            // What can't be listed for the moment plays on.
            folders[folder] = contents
            folders[folder]?.files = before.files
            return
        }
        folders[folder] = contents
        place(contents ?? FolderContents(), folder: folder, now: now)
    }

    /// The announcement of a class was looked for.
    /// - Parameters:
    ///   - path: where it is or, with no `kind`, where it should be.
    mutating func observe(
        announcementOf name: String, path: String?, _ kind: FolderContents.Kind?,
        isNotified: Bool, now: Instant
    ) {
        for key in keys[name] ?? [] where key.role == .announcement && key.path != path {
            drop(key, now: now)
        }
        if let path {
            let key = EntryKey(className: name, path: path, role: .announcement)
            see(key, kind, isNotified: isNotified, age: nil, now: now)
        }
    }

    /// The kernel told of something that happened to a file.
    mutating func note(_ event: Event, path: String, now: Instant) {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        var concerned = announcementPaths[path] ?? []
        concerned.insert(EntryKey(className: className(ofFolder: folder), path: path, role: .track))
        for key in concerned where entries[key] != nil {
            switch event {
            case .written:
                entries[key]?.isOpen = true
                entries[key]?.wasClosed = false
                entries[key]?.changed = now
            case .closed, .movedIn:
                entries[key]?.isOpen = false
                entries[key]?.wasClosed = true
            }
            guard let entry = entries[key], case .waiting(let why, _) = entry.state else {
                continue
            }
            let until = due(entry)
            entries[key]?.state = .waiting(why, until: until)
        }
    }

    /// A job is done.
    mutating func finish(_ job: PreparationJob, _ outcome: PreparationJob.Outcome, now: Instant) {
        let key = job.entry
        guard var entry = entries[key], case .preparing(job) = entry.state else { return }
        switch outcome {
        case .ready(let track):
            entry.state = .ready
            entry.track = track
            entry.settings = job.settings
            entries[key] = entry
            actions.append(.report(report(key, entry)))
            touch(key.className, now)
        case .broken(let error, let isCertain):
            let patience = entry.changed + Catalogue.doubt
            if !isCertain, now < patience {
                entry.state = .waiting("it may still be written: it \(error)", until: patience)
                entries[key] = entry
                break
            }
            if error.isPassing {
                entry.state = .waiting(error.description, until: now + .seconds(5))
                entries[key] = entry
                break
            }
            entry.state = .broken(error.description)
            entry.track = nil
            entries[key] = entry
            actions.append(.report(report(key, entry)))
            touch(key.className, now)
        case .beingWritten:
            entry.state = .waiting(
                "another program has it open for writing", until: now + Catalogue.retry)
            entries[key] = entry
        case .unsure:
            let quiet =
                entry.isOpen
                ? Catalogue.abandoned
                : entry.wasClosed ? Catalogue.settling : Catalogue.unsureSettling
            entry.state = .waiting(
                "it may still be written",
                until: max(now + .milliseconds(100), entry.changed + quiet))
            entries[key] = entry
        case .changed:
            entry.changed = now
            entry.state = .waiting("it is being written", until: now + Catalogue.retry)
            entries[key] = entry
        }
    }

    /// Does what has come due.
    mutating func advance(to now: Instant) {
        for (key, entry) in entries {
            if case .waiting(_, let until) = entry.state, until <= now { start(key, now: now) }
        }
        // The default class first, since others play what it does.
        let names = stale.keys.sorted { a, b in
            (a == configuration.defaultClass ? 0 : 1, a) < (
                b == configuration.defaultClass ? 0 : 1, b
            )
        }
        for name in names {
            guard let since = stale[name], publicationDue(name, since) <= now else { continue }
            stale[name] = nil
            publish(name, now: now)
        }
    }

    // MARK: Outputs

    /// Every class: configured, found as a folder, or of a user who has files.
    var classNames: [String] {
        var names = Set(configuration.classes.keys)
        names.insert(configuration.defaultClass)
        for (folder, contents) in folders where folder != "users" {
            let name = className(ofFolder: folder)
            if folder.isEmpty || name.hasPrefix("users/") {
                if !contents.files.isEmpty { names.insert(name) }
            } else {
                names.insert(name)
            }
        }
        return names.sorted()
    }

    var fileReports: [FileReport] {
        let faults = folders.compactMap { folder, contents in
            contents.fault.map { folderReport(folder, $0) }
        }
        let links = folders.flatMap { folder, contents in
            contents.linkedFolders.map { folderReport("\(folder)/\($0)", FileNames.linkedFolder) }
        }
        return (entries.map { report($0, $1) } + faults + links).sorted {
            ($0.path, $0.className ?? "") < ($1.path, $1.className ?? "")
        }
    }

    var classReports: [ClassReport] {
        classNames.map { name in
            let items = ownItems(name)
            return ClassReport(
                name: name, tracks: items.count,
                length: items.reduce(.zero) { $0 + $1.track.length },
                fallback: published[name]?.fallback)
        }
    }

    /// What the class was last said to play; no items means the tone.
    func content(of name: String) -> ClassContent? { published[name] }

    /// Every file that was seen last.
    var identities: Set<FileIdentity> { Set(entries.values.compactMap(\.identity)) }

    /// Files of the cache that are in use.
    func cachePaths(_ cache: TrackCache) -> Set<String> {
        Set(
            entries.values.compactMap { entry in
                guard let track = entry.track, let settings = entry.settings else { return nil }
                return cache.path(track.hash, settings)
            })
    }

    /// Whether anything is being prepared or waits for its turn.
    var isPreparing: Bool {
        entries.values.contains { if case .preparing = $0.state { true } else { false } }
    }

    // MARK: Files

    private func className(ofFolder folder: String) -> String {
        FileNames.className(ofFolder: folder)
    }

    private func settings(of className: String) -> PreparationSettings {
        PreparationSettings(
            loudness: configuration.loudness + (configuration.classes[className]?.volume ?? 0),
            truePeakLimit: configuration.truePeakLimit, formats: configuration.formats)
    }

    /// Whether the configuration lets this file be music of its class.
    private func isWanted(_ key: EntryKey) -> Bool {
        let classConfiguration = configuration.classes[key.className]
        if key.role == .announcement { return classConfiguration?.announcement != nil }
        let name = FileNames.name(key.path, inClass: key.className)
        if case .file(let only)? = classConfiguration?.order, only != name { return false }
        // An announcement that lies among the tracks is none of them.
        return classConfiguration?.announcement?.file != name
    }

    /// Brings the entries of a folder in line with what was found there.
    private mutating func place(_ contents: FolderContents, folder: String, now: Instant) {
        let name = className(ofFolder: folder)
        func path(_ file: String) -> String { folder.isEmpty ? file : "\(folder)/\(file)" }
        for key in keys[name] ?? []
        where key.role == .track
            && key.path.split(separator: "/").dropLast().joined(separator: "/") == folder
        {
            let file = key.path.split(separator: "/").last.map(String.init) ?? ""
            if contents.files[file] == nil { drop(key, now: now) }
        }
        for (file, kind) in contents.files {
            let key = EntryKey(className: name, path: path(file), role: .track)
            guard isWanted(key) else { continue }
            see(key, kind, isNotified: contents.isNotified, age: contents.age(of: file), now: now)
        }
    }

    /// - Parameter age: how long ago the file was changed by its own account, where that can be
    ///   trusted.
    private mutating func see(
        _ key: EntryKey, _ kind: FolderContents.Kind?, isNotified: Bool, age: Interval?,
        now: Instant
    ) {
        keys[key.className, default: []].insert(key)
        if key.role == .announcement { announcementPaths[key.path, default: []].insert(key) }
        let isNew = entries[key] == nil
        var entry = entries[key] ?? Entry(state: .missing, identity: nil, changed: now)
        entry.isNotified = isNotified
        switch kind {
        case nil:
            let was = entry.state
            entry.state = .missing
            entry.track = nil
            entry.identity = nil
            entries[key] = entry
            if case .missing = was, !isNew { return }
            actions.append(.report(report(key, entry)))
            touch(key.className, now)
        case .danglingLink:
            cancelIfPreparing(key)
            entry.state = .dangling
            entry.identity = nil
            entry.track = nil
            entries[key] = entry
            touch(key.className, now)
        case .unreadable(let why):
            if case .unreadable(why) = entry.state { return }
            cancelIfPreparing(key)
            entry.state = .unreadable(why)
            entry.identity = nil
            entry.track = nil
            entries[key] = entry
            actions.append(.report(report(key, entry)))
            touch(key.className, now)
        case .file(let identity):
            guard identity != entry.identity else {
                entries[key] = entry
                return
            }
            cancelIfPreparing(key)
            entry.identity = identity
            // At its first sight a file may well have been there for long.
            entry.changed = isNew ? now - (age ?? .zero) : now
            entry.state = .waiting("it is new", until: due(entry))
            entries[key] = entry
            touch(key.className, now)
        }
    }

    /// When a file that has just changed can count as whole at the earliest.
    private func due(_ entry: Entry) -> Instant {
        if entry.identity?.size == 0 { return entry.changed + Catalogue.emptySettling }
        return entry.changed + Catalogue.settling
    }

    private mutating func start(_ key: EntryKey, now: Instant) {
        guard var entry = entries[key], let identity = entry.identity else { return }
        cancelIfPreparing(key)
        let quiet = now - entry.changed
        let isTrusted =
            if entry.isOpen { quiet >= Catalogue.abandoned } else {
                entry.wasClosed || quiet >= Catalogue.unsureSettling
            }
        let job = PreparationJob(
            entry: key, identity: identity, settings: settings(of: key.className),
            isTrusted: isTrusted)
        entry.state = .preparing(job)
        entries[key] = entry
        actions.append(.prepare(job))
    }

    private mutating func cancelIfPreparing(_ key: EntryKey) {
        if case .preparing? = entries[key]?.state { actions.append(.cancel(key)) }
    }

    private mutating func drop(_ key: EntryKey, now: Instant) {
        cancelIfPreparing(key)
        entries[key] = nil
        keys[key.className]?.remove(key)
        announcementPaths[key.path]?.remove(key)
        touch(key.className, now)
    }

    // MARK: Classes

    private mutating func touch(_ className: String, _ now: Instant) {
        if stale[className] == nil { stale[className] = now }
    }

    private func isPending(_ className: String) -> Bool {
        keys[className]?.contains { entries[$0]?.isPending == true } ?? false
    }

    /// When a class whose content changed is published.
    private func publicationDue(_ name: String, _ since: Instant) -> Instant {
        guard let current = published[name] else { return since }
        guard isPending(name) else { return since }
        if current.fallback != nil {
            // Something of its own is better than anything else.
            return ownItems(name).isEmpty ? since : since + Catalogue.firstGathering
        }
        // Never from its own music to a fallback while a file may be about to take its place.
        return ownItems(name).isEmpty ? since + .seconds(30) : since + Catalogue.gathering
    }

    private func ownItems(_ name: String) -> [ClassContent.Item] {
        var items = (keys[name] ?? []).compactMap { key -> ClassContent.Item? in
            guard key.role == .track, let track = entries[key]?.track,
                configuration.formats.allSatisfy({ track.renditions[$0] != nil })
            else { return nil }
            return ClassContent.Item(path: key.path, track: track)
        }
        // By octets, since every node must come to the same order whatever its language.
        items.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        // A file that is there twice is heard once.
        var seen: Set<ContentHash> = []
        items = items.filter { seen.insert($0.track.hash).inserted }
        if (configuration.classes[name]?.order ?? .shuffle) == .shuffle {
            items.sort { $0.track.hash < $1.track.hash }
        }
        return items
    }

    private func announcement(_ name: String) -> ClassContent.Item? {
        for key in keys[name] ?? [] where key.role == .announcement {
            if let track = entries[key]?.track,
                configuration.formats.allSatisfy({ track.renditions[$0] != nil })
            {
                return ClassContent.Item(path: key.path, track: track)
            }
        }
        return nil
    }

    private func reasonForNothing(_ name: String) -> FallbackCause.Reason {
        if isPending(name) { return .preparing }
        let broken = (keys[name] ?? []).filter { key in
            guard key.role == .track else { return false }
            return switch entries[key]?.state {
            case .broken, .unreadable, .dangling: true
            default: false
            }
        }
        if !broken.isEmpty { return .allBroken(broken.count) }
        if case .file(let file)? = configuration.classes[name]?.order { return .fileMissing(file) }
        let isThere = folders.keys.contains { className(ofFolder: $0) == name && !$0.isEmpty }
        return isThere || folders[""]?.files.isEmpty == false && name == "default"
            ? .empty : .missing
    }

    /// What the class should play now.
    private func desired(_ name: String) -> ClassContent {
        let own = configuration.classes[name] ?? ClassConfiguration()
        let items = ownItems(name)
        if !items.isEmpty {
            return ClassContent(
                items: items, announcement: own.announcement == nil ? nil : announcement(name),
                configuration: own, name: name, fallback: nil)
        }
        let reason = reasonForNothing(name)
        let substitute = configuration.defaultClass
        let defaultItems = name == substitute ? [] : ownItems(substitute)
        guard !defaultItems.isEmpty else {
            return ClassContent(
                items: [], announcement: nil, configuration: ClassConfiguration(), name: name,
                fallback: FallbackCause(reason: reason, substitute: .tone))
        }
        let configured = configuration.classes[substitute] ?? ClassConfiguration()
        return ClassContent(
            items: defaultItems,
            announcement: configured.announcement == nil ? nil : announcement(substitute),
            configuration: configured, name: substitute,
            fallback: FallbackCause(reason: reason, substitute: .defaultClass(substitute)))
    }

    private mutating func publish(_ name: String, now: Instant) {
        let content = desired(name)
        let before = published[name]
        if let before, before.isSame(as: content) { return }
        published[name] = content
        actions.append(.publish(className: name))
        if before?.fallback != content.fallback {
            actions.append(.fallback(className: name, content.fallback))
        }
        guard name == configuration.defaultClass else { return }
        for (other, publication) in published
        where other != name && publication.fallback != nil { touch(other, now) }
    }

    // MARK: Reports

    private func report(_ key: EntryKey, _ entry: Entry) -> FileReport {
        let state: FileReport.State =
            switch entry.state {
            case .missing: .broken("isn't there, though the class \(key.className) names it")
            case .dangling: .waiting("its target, as it is a link that leads nowhere")
            case .unreadable(let why): .broken(why)
            case .waiting(let why, _): .waiting(why)
            case .preparing: .preparing
            case .ready: .playing
            case .broken(let why): .broken(why)
            }
        return FileReport(
            path: key.path, className: key.className, state: state,
            title: entry.track.map { $0.title ?? FileNames.title(key.path) },
            length: entry.track?.length)
    }

    private func folderReport(_ folder: String, _ fault: String) -> FileReport {
        FileReport(
            path: folder.isEmpty ? "." : folder, className: className(ofFolder: folder),
            state: .broken(fault))
    }
}
