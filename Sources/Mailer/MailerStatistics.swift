package import Primitives

/// Deliveries since the start, each of one recipient.
package struct MailerCounts: Sendable, Equatable {
    package var accepted: UInt64 = 0
    /// Attempts that are repeated.
    package var deferred: UInt64 = 0
    /// Recipients given up.
    package var failed: UInt64 = 0
}

/// How the mailer stands.
package struct MailerStatistics: Sendable, Equatable {
    package var counts = MailerCounts()
    /// Messages in the queue.
    package var queued = 0
    /// How long the oldest of them has waited.
    package var oldest: Interval?
    /// URLs of the relays that are left alone after a failure.
    package var closedRelays: [String] = []
    /// Whether the oldest has waited longer than it may.
    package var isLate = false
}
