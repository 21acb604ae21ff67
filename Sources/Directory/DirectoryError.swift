package import Primitives

/// Why a directory gave no answer. That nobody has the name is an answer.
package enum DirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The store said nothing within the limit.
    case timedOut(store: String, Interval)
    /// The store can't be reached or opened.
    case unavailable(store: String, reason: String)
    /// What the store holds isn't a user.
    case damaged(store: String, reason: String)
    /// The store was written by a later version of this program.
    case tooNew(store: String)

    package var description: String {
        switch self {
        case .timedOut(let store, let limit):
            "\(store): no answer within \(limit.seconds) s; see what holds the store up, or raise "
                + "directory.timeout"
        case .unavailable(let store, let reason):
            "\(store): \(reason)"
        case .damaged(let store, let reason):
            "\(store): \(reason); restore it from a copy, or import the users again"
        case .tooNew(let store):
            "\(store): a later version of intermezzo has written it; run that one"
        }
    }

    /// Whether asking again later may help.
    package var isPassing: Bool {
        switch self {
        case .timedOut, .unavailable: true
        case .damaged, .tooNew: false
        }
    }
}
