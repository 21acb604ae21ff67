/// What becomes of users that are there already, and of those that an import does not name.
package enum MergeMode: Sendable {
    /// Only new users; one that is there already is a fault.
    case add
    /// Only users that are there; one that isn't is a fault.
    case change
    /// New users are added; of those that are there the given fields change.
    case update
    /// Afterwards the directory holds the given users alone, with the given fields alone. The
    /// credentials of users that stay are kept where none are given.
    case replace
}

/// What a merge did.
package struct MergeCounts: Sendable, Equatable, Codable {
    package var added: Int
    package var changed: Int
    package var unchanged: Int
    package var removed: Int

    package init(added: Int = 0, changed: Int = 0, unchanged: Int = 0, removed: Int = 0) {
        self.added = added
        self.changed = changed
        self.unchanged = unchanged
        self.removed = removed
    }
}

/// Why nothing was changed.
package enum MergeError: Error {
    /// Everything that is wrong, in the order of the lines.
    case refused([EditFault])
    case directory(DirectoryError)
}

package struct EditFault: Error, Hashable, Sendable {
    /// The line of the file; nil from a command line.
    package var line: Int?
    package var fault: UserFault
}
