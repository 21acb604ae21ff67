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
    /// The refresh of this interval was asked for already.
    private var isRefreshing = false

    /// - Parameter now: when the 2xx that agreed on it was sent or received.
    package init(interval: Int, refresher: Refresher, now: Instant) {
        self.interval = interval
        self.refresher = refresher
        start = now
    }

    /// When `advance(to:)` is next due.
    package var deadline: Instant {
        refresher == .local && !isRefreshing ? refreshTime : expiry
    }

    /// Says once per interval that a refresh is due, and from the expiry on that it has expired.
    package mutating func advance(to now: Instant) -> Due? {
        if now >= expiry { return .expired }
        if refresher == .local, !isRefreshing, now >= refreshTime {
            isRefreshing = true
            return .refresh
        }
        return nil
    }

    private var refreshTime: Instant { start + .milliseconds(interval * 500) }

    /// RFC 4028 §10: the BYE comes before the interval's end, so that the proxies hear of it.
    private var expiry: Instant {
        start + .milliseconds(interval * 1000 - min(32_000, interval * 1000 / 3))
    }
}
