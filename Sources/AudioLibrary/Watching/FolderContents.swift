import Primitives

/// What a look at one folder found.
struct FolderContents: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case file(FileIdentity)
        /// A link that leads nowhere yet.
        case danglingLink
        /// It can't be looked at, for the reason given.
        case unreadable(String)
    }

    /// Files with the name of music, by name.
    var files: [String: Kind] = [:]
    /// Folders in it, whose music belongs to the same class, by name.
    var folders: Set<String> = []
    /// Links to folders, by name; they are not followed, since they may lead round.
    var linkedFolders: Set<String> = []
    /// Why the folder can't be listed; its files are then unknown.
    var fault: String?
    /// Whether the kernel tells of changes here. False on network file systems.
    var isNotified = true
    /// Whether links are among the files: what happens at their ends, nobody tells.
    var hasLinks = false
    /// When this was seen, in nanoseconds since 1970 by the clock that also dates files.
    var seen: Int64 = 0

    /// How long ago a file was last changed, where that can be trusted: another machine's clock
    /// may be a little off.
    func age(of file: String) -> Interval? {
        guard case .file(let identity)? = files[file] else { return nil }
        let age = Interval(nanoseconds: seen &- max(identity.modified, identity.changed))
        let least = isNotified ? Interval.seconds(2) : .seconds(60)
        return age >= least ? min(age, .seconds(3600)) : nil
    }

    /// Compares what was found, whenever that was.
    static func == (a: FolderContents, b: FolderContents) -> Bool {
        a.files == b.files && a.linkedFolders == b.linkedFolders && a.fault == b.fault
            && a.isNotified == b.isNotified
    }
}
