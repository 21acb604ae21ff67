/// Who the users are, wherever that is kept.
package protocol UserDirectory: Sendable {
    /// The user whom a name, an alias or a number belongs to; nil when it is nobody's.
    func user(_ key: UserKey) async throws(DirectoryError) -> User?

    /// Differs from an earlier one when any user may have changed since; nil from a store that
    /// can't tell. Cheap to ask: a cache asks before it repeats itself.
    func revision() async throws(DirectoryError) -> Revision?
}

/// A state of a store, to be compared with another one of the same store.
package struct Revision: Hashable, Sendable {
    package var value: String

    package init(_ value: String) { self.value = value }
}

extension UserDirectory {
    package func revision() async throws(DirectoryError) -> Revision? { nil }
}
