/// Work for a thread that prepares tracks, and what came of it.
struct PreparationJob: Sendable, Equatable {
    var entry: EntryKey
    var identity: FileIdentity
    var settings: PreparationSettings
    /// Whether the file counts as whole where the kernel can't tell if someone has it open.
    var isTrusted: Bool

    enum Outcome: Sendable {
        case ready(PreparedTrack)
        /// - Parameter isCertain: nobody has the file open for writing, so it won't get better.
        case broken(PreparationError, isCertain: Bool)
        /// Someone has it open for writing.
        case beingWritten
        /// Nobody can tell whether someone is still writing it.
        case unsure
        /// It isn't what it was when the job was made.
        case changed
    }
}

/// A file in its part in a class.
struct EntryKey: Hashable, Sendable {
    enum Role: Hashable, Sendable {
        case track, announcement
    }

    var className: String
    /// Relative to the media directory.
    var path: String
    var role: Role
}
