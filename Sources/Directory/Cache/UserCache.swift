package import Primitives

/// Remembers what a directory answered, for a time and within bounds; no I/O, no clock.
///
/// An answer counts while it is younger than `time` and the store's revision has not changed. While
/// the store is away every answer counts, however old: a user's mailbox does not vanish with the
/// database. Users and names that are nobody's are kept apart, so that a stranger who tries all
/// names does not drive the users out.
package struct UserCache: Sendable {
    package struct Limits: Sendable, Equatable {
        /// Users that are remembered; a fourth as many names that are nobody's. 0: none.
        package var size = 10_000
        package var time = Interval.seconds(60)
        /// How long a revision counts as the store's present one. It bounds the questions, not the
        /// users: a change is seen that much later at most.
        package var revisionTime = Interval.milliseconds(20)
        /// How long a store that failed is left alone.
        package var rest = Interval.seconds(1)

        package init() {}
    }

    package enum Answer: Sendable, Equatable {
        /// What is known to hold.
        case known(User?)
        /// Ask the store for its revision and tell it by ``noted(_:now:)``; then ask again here.
        case askRevision
        /// Ask the store for the user.
        case askUser
        /// The store is away, and nothing is remembered of this key.
        case away(DirectoryError)
    }

    private struct Entry<Value: Sendable>: Sendable {
        var value: Value
        var expires: Instant
        var revision: Revision?
    }

    private let limits: Limits
    private var users: ClockTable<UserKey, Entry<User>>
    private var nobody: ClockTable<UserKey, Entry<Void>>
    private var revision: Revision?
    private var revisionCountsUntil: Instant?
    /// Whether the store tells revisions at all; taken to be so until it doesn't.
    private var tellsRevisions = true
    private var absence: (until: Instant, error: DirectoryError)?

    package init(_ limits: Limits) {
        self.limits = limits
        users = ClockTable(capacity: limits.size)
        nobody = ClockTable(capacity: (limits.size + 3) / 4)
    }

    package var count: Int { users.count + nobody.count }

    /// Whether the store failed when it was last asked.
    package var isAway: Bool { absence != nil }

    package mutating func answer(_ key: UserKey, now: Instant) -> Answer {
        let entry = entry(key)
        if let absence, now < absence.until {
            return entry.map { .known($0.value) } ?? .away(absence.error)
        }
        guard let entry, now < entry.expires else { return .askUser }
        guard tellsRevisions else { return .known(entry.value) }
        guard let counts = revisionCountsUntil, now <= counts else { return .askRevision }
        return entry.revision == revision ? .known(entry.value) : .askUser
    }

    /// The store is about to be asked. If it was away, this is the one question that finds out
    /// whether it is back: until that is answered the others are told what is remembered.
    package mutating func asks(now: Instant) {
        absence?.until = now + limits.rest
    }

    /// The store told its revision; it was asked at `now` or later.
    package mutating func noted(_ revision: Revision?, now: Instant) {
        absence = nil
        tellsRevisions = revision != nil
        self.revision = revision
        revisionCountsUntil = now + limits.revisionTime
    }

    /// The store told whose the key is.
    ///
    /// The revision that is known was told before, so a user that is newer than it is asked for once
    /// too often, never once too little.
    package mutating func noted(_ user: User?, for key: UserKey, now: Instant) {
        absence = nil
        let expires = now + limits.time
        if let user {
            nobody.remove(key)
            users.set(key, Entry(value: user, expires: expires, revision: revision))
        } else {
            users.remove(key)
            nobody.set(key, Entry(value: (), expires: expires, revision: revision))
        }
    }

    /// The store failed.
    /// - Returns: what is remembered of the key, however old; nil when nothing is.
    package mutating func failed(
        _ error: DirectoryError, for key: UserKey, now: Instant
    ) -> User?? {
        // A damaged entry says nothing of the rest of the store.
        if error.isPassing { absence = (now + limits.rest, error) }
        return entry(key).map { $0.value }
    }

    private mutating func entry(_ key: UserKey) -> Entry<User?>? {
        if let entry = users.value(key) {
            return Entry(value: entry.value, expires: entry.expires, revision: entry.revision)
        }
        return nobody.value(key).map {
            Entry(value: nil, expires: $0.expires, revision: $0.revision)
        }
    }
}
