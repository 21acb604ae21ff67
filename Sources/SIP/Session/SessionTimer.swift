package import Primitives

/// The session timer of one dialog (RFC 4028): who refreshes, and when the session has died.
///
///     refresher here:   start ──interval/2──▶ refresh ──…──▶ expired
///     refresher there:  start ──────────────────────────────▶ expired
///                                       interval - min(32 s, interval/3)
///
/// A refresh from either side starts it anew. The refresher here also keeps an eye on the end, so
/// that refreshes which only ever draw errors don't keep a dead session.
package struct SessionTimer: Equatable, Sendable {
    /// Who refreshes, seen from here.
    package enum Refresher: Hashable, Sendable { case local, remote }

    /// What has come due.
    package enum Due: Equatable, Sendable {
        /// Send an UPDATE or a re-INVITE.
        case refresh
        /// Send BYE.
        case expired
    }

    /// Session interval in seconds, as agreed in the last 2xx.
    package let interval: Int
    package let refresher: Refresher

    private let start: Instant
    /// When to refresh; nil while a refresh is under way, or when it is the peer's task.
    private var refreshAt: Instant?

    /// - Parameter now: when the 2xx that agreed on it was sent or received.
    package init(interval: Int, refresher: Refresher, now: Instant) {
        self.interval = interval
        self.refresher = refresher
        start = now
        refreshAt = refresher == .local ? now + .milliseconds(interval * 500) : nil
    }

    /// When `advance(to:)` is next due.
    package var deadline: Instant { min(refreshAt ?? expiry, expiry) }

    /// Says once that a refresh is due, and from the expiry on that it has expired.
    package mutating func advance(to now: Instant) -> Due? {
        if now >= expiry { return .expired }
        if let refreshAt, now >= refreshAt {
            self.refreshAt = nil
            return .refresh
        }
        return nil
    }

    /// The refresh came to nothing, or couldn't be sent: try again then. The expiry stays.
    package mutating func refreshAgain(at time: Instant) {
        if refresher == .local { refreshAt = time }
    }

    /// RFC 4028 §10: the BYE comes before the interval's end, so that the proxies hear of it.
    private var expiry: Instant {
        start + .milliseconds(interval * 1000 - min(32_000, interval * 1000 / 3))
    }
}
