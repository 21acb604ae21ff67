package import Primitives

/// INVITE client transaction (RFC 3261 §17.1.1 as amended by RFC 6026 §7.2, §8.4).
///
/// It knows when to send, not what: the owner keeps the request and its ACK.
///
/// ```
///                   | INVITE from the user: send
///                   V
///             +------------+  A: resend          B, transport error:
///             |  Calling   |--------------------- tell the user -----+
///             +------------+                                         |
///               |   |   | 1xx: to the user                           |
///               |   |   V                                            |
///               |   | +------------+  1xx: to the user               |
///               |   | | Proceeding |  64*T1 after CANCEL:            |
///               |   | +------------+- tell the user (§9.1) --------->|
///               |   |   |       |                                    |
///               |   +---|-----+ | 300-699: ACK, to the user          |
///           2xx |   2xx |     V V                                    |
///           to the user |   +-----------+  300-699: ACK              |
///               V       V   | Completed |  transport error: tell     |
///           +-------------+ +-----------+  the user                  |
///           |  Accepted   |       | D                                |
///           | 2xx: to the |       V                                  |
///           |    user     | M +------------+                         |
///           +-------------+-->| Terminated |<------------------------+
///                             +------------+
/// ```
package struct InviteClientTransaction: Sendable {
    /// What the passage of time asks of the owner.
    package enum Action: Equatable, Sendable {
        case resend
        /// Timer B, or 64*T1 after CANCEL: to the user as if 408 had come.
        case timedOut
        /// Timer D or M; nothing more to do.
        case ended
    }

    /// What to do with a response.
    package enum Reception: Equatable, Sendable {
        case passUp
        /// Send ACK; the user gets the response too.
        case acknowledgeAndPassUp
        /// Send the ACK again.
        case acknowledge
        case drop
    }

    private enum State {
        case calling(resend: Instant?, gap: Interval, giveUp: Instant)
        case proceeding(giveUp: Instant?)
        case completed(end: Instant)
        case accepted(end: Instant)
        case terminated
    }

    private var state: State
    private let timers: SIPTimers
    private let isReliable: Bool

    /// The INVITE goes out at `now`.
    package init(reliable: Bool, timers: SIPTimers, now: Instant) {
        self.timers = timers
        isReliable = reliable
        state = .calling(
            resend: reliable ? nil : now + timers.t1, gap: timers.t1, giveUp: now + timers.patience)
    }

    package var isTerminated: Bool {
        if case .terminated = state { true } else { false }
    }

    /// Nothing has come back yet: CANCEL must wait (RFC 3261 §9.1).
    package var isCalling: Bool {
        if case .calling = state { true } else { false }
    }

    /// A provisional response came, and no final one: CANCEL may go.
    package var isProceeding: Bool {
        if case .proceeding = state { true } else { false }
    }

    /// When `advance(to:)` is next due; nil when it is not.
    package var deadline: Instant? {
        switch state {
        case .calling(let resend, _, let giveUp): min(resend ?? giveUp, giveUp)
        case .proceeding(let giveUp): giveUp
        case .completed(let end), .accepted(let end): end
        case .terminated: nil
        }
    }

    package mutating func receive(_ code: UInt16, now: Instant) -> Reception {
        switch (state, code) {
        case (.calling, ..<200):
            state = .proceeding(giveUp: nil)
            return .passUp
        case (.proceeding, ..<200):
            return .passUp
        case (.calling, 200..<300), (.proceeding, 200..<300):
            state = .accepted(end: now + timers.patience)
            return .passUp
        case (.calling, _), (.proceeding, _):
            let wait = timers.d(reliable: isReliable)
            state = wait > .zero ? .completed(end: now + wait) : .terminated
            return .acknowledgeAndPassUp
        case (.completed, 300...):
            return .acknowledge
        case (.accepted, 200..<300):
            return .passUp
        case (.completed, _), (.accepted, _), (.terminated, _):
            return .drop
        }
    }

    /// CANCEL goes out: a peer of RFC 2543 may never answer the INVITE (RFC 3261 §9.1).
    package mutating func cancelled(now: Instant) {
        if case .proceeding = state { state = .proceeding(giveUp: now + timers.patience) }
    }

    /// - Returns: whether the user is to be told.
    package mutating func transportFailed() -> Bool {
        switch state {
        case .calling, .completed:
            state = .terminated
            return true
        // The INVITE has arrived; the answer may still come, over another connection if need be.
        case .proceeding, .accepted, .terminated:
            return false
        }
    }

    package mutating func advance(to now: Instant) -> Action? {
        guard let deadline, deadline <= now else { return nil }
        switch state {
        case .calling(_, let gap, let giveUp):
            if giveUp <= now {
                state = .terminated
                return .timedOut
            }
            // Counted from now: a late wake-up is not made good by a burst.
            state = .calling(resend: now + gap * 2, gap: gap * 2, giveUp: giveUp)
            return .resend
        case .proceeding:
            state = .terminated
            return .timedOut
        case .completed, .accepted:
            state = .terminated
            return .ended
        case .terminated:
            return nil
        }
    }
}
