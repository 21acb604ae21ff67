package import Primitives

/// Non-INVITE client transaction (RFC 3261 §17.1.2).
///
/// It knows when to send, not what: the owner keeps the request.
///
/// ```
///                   | request from the user: send
///                   V
///             +------------+  E: resend           F, transport error:
///             |   Trying   |---------------------- tell the user ----+
///             +------------+                                         |
///     200-699:  |       | 1xx: to the user                           |
///     to the    |       V                                            |
///     user      |   +------------+  E (now T2): resend               |
///               |   | Proceeding |  1xx: to the user                 |
///               |   +------------+-----------------------------------+
///               |       | 200-699: to the user    F, transport error |
///               V       V                                            |
///             +------------+                                         |
///             | Completed  |  responses: dropped                     |
///             +------------+                                         |
///                   | K                                              |
///                   V                                                |
///             +------------+                                         |
///             | Terminated |<----------------------------------------+
///             +------------+
/// ```
package struct NonInviteClientTransaction: Sendable {
    /// What the passage of time asks of the owner.
    package enum Action: Equatable, Sendable {
        case resend
        /// Timer F: to the user as if 408 had come; never to be forwarded (RFC 4320 §4.2).
        case timedOut
        /// Timer K; nothing more to do.
        case ended
    }

    private enum State {
        case trying(resend: Instant?, gap: Interval, giveUp: Instant)
        case proceeding(resend: Instant?, giveUp: Instant)
        case completed(end: Instant)
        case terminated
    }

    private var state: State
    private let timers: SIPTimers
    private let isReliable: Bool

    /// The request goes out at `now`.
    package init(reliable: Bool, timers: SIPTimers, now: Instant) {
        self.timers = timers
        isReliable = reliable
        state = .trying(
            resend: reliable ? nil : now + timers.t1, gap: timers.t1, giveUp: now + timers.patience)
    }

    package var isTerminated: Bool {
        if case .terminated = state { true } else { false }
    }

    /// Nothing has come back yet.
    package var isTrying: Bool {
        if case .trying = state { true } else { false }
    }

    /// No final response has come, and time is not up.
    package var isUnanswered: Bool {
        switch state {
        case .trying, .proceeding: true
        case .completed, .terminated: false
        }
    }

    /// When `advance(to:)` is next due; nil when finished.
    package var deadline: Instant? {
        switch state {
        case .trying(let resend, _, let giveUp), .proceeding(let resend, let giveUp):
            min(resend ?? giveUp, giveUp)
        case .completed(let end): end
        case .terminated: nil
        }
    }

    /// - Returns: whether the response is for the user.
    package mutating func receive(_ code: UInt16, now: Instant) -> Bool {
        switch (state, code) {
        case (.trying(let resend, _, let giveUp), ..<200):
            state = .proceeding(resend: resend, giveUp: giveUp)
            return true
        case (.proceeding, ..<200):
            return true
        case (.trying, _), (.proceeding, _):
            let wait = timers.k(reliable: isReliable)
            state = wait > .zero ? .completed(end: now + wait) : .terminated
            return true
        case (.completed, _), (.terminated, _):
            return false
        }
    }

    /// - Returns: whether the user is to be told.
    package mutating func transportFailed() -> Bool {
        switch state {
        case .trying, .proceeding:
            state = .terminated
            return true
        case .completed, .terminated:
            return false
        }
    }

    package mutating func advance(to now: Instant) -> Action? {
        guard let deadline, deadline <= now else { return nil }
        switch state {
        case .trying(_, _, let giveUp) where giveUp <= now,
            .proceeding(_, let giveUp) where giveUp <= now:
            state = .terminated
            return .timedOut
        case .trying(_, let gap, let giveUp):
            let next = timers.doubled(gap)
            state = .trying(resend: now + next, gap: next, giveUp: giveUp)
            return .resend
        case .proceeding(_, let giveUp):
            state = .proceeding(resend: now + timers.t2, giveUp: giveUp)
            return .resend
        case .completed:
            state = .terminated
            return .ended
        case .terminated:
            return nil
        }
    }
}
