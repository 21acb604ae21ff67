package import Primitives

/// INVITE server transaction (RFC 3261 §17.2.1 as amended by RFC 6026 §7.1, §8).
///
/// It knows when to send, not what: the owner keeps the last response.
///
/// ```
///                           | INVITE: to the user; 100 if it is silent for 200 ms
///                           V
///  INVITE: resend    +------------+   101-199: send
///             +------| Proceeding |<-+
///             +----->|            |--+
///                    +------------+
///         300-699: send |      | 2xx: send
///             +---------+      +-----------+
///             V                            V
///       +-----------+ INVITE, G:    +------------+ 2xx: send
///       | Completed | resend        |  Accepted  | INVITE: absorbed
///       +-----------+               +------------+ ACK: to the user
///       H |     | ACK                      | L
///         |     V                          |
///         | +-----------+                  |
///         | | Confirmed | ACK: absorbed    |
///         | +-----------+                  |
///         V     | I                        |
///       +------------+                     |
///       | Terminated |<--------------------+
///       +------------+
/// ```
/// A transport error changes nothing: the user is told, and may try elsewhere (RFC 6026 §8.8).
package struct InviteServerTransaction: Sendable {
    /// What the passage of time asks of the owner.
    package enum Action: Equatable, Sendable {
        case sendTrying
        case resend
        /// Timer H: nobody acknowledged the refusal.
        case unacknowledged
        /// Timer I or L; nothing more to do.
        case ended
    }

    /// What to do with an ACK that matches.
    package enum Acknowledgement: Equatable, Sendable {
        case absorb
        /// It is for a 2xx, or came too early for any.
        case passUp
    }

    private enum State {
        case proceeding(tryingDue: Instant?, responded: Bool)
        case completed(resend: Instant?, gap: Interval, giveUp: Instant)
        case confirmed(end: Instant)
        case accepted(end: Instant)
        case terminated
    }

    private var state: State
    private let timers: SIPTimers
    private let isReliable: Bool

    package init(reliable: Bool, timers: SIPTimers, now: Instant) {
        self.timers = timers
        isReliable = reliable
        state = .proceeding(tryingDue: now + timers.trying, responded: false)
    }

    package var isTerminated: Bool {
        if case .terminated = state { true } else { false }
    }

    /// A final response has been given.
    package var isAnswered: Bool {
        if case .proceeding = state { false } else { true }
    }

    /// When `advance(to:)` is next due; nil when it is not.
    package var deadline: Instant? {
        switch state {
        case .proceeding(let due, _): due
        case .completed(let resend, _, let giveUp): min(resend ?? giveUp, giveUp)
        case .confirmed(let end), .accepted(let end): end
        case .terminated: nil
        }
    }

    /// The INVITE came again.
    /// - Returns: whether to send the last response again.
    package func receiveRetransmission() -> Bool {
        switch state {
        case .proceeding(_, let responded): responded
        case .completed: true
        // The transaction user repeats a 2xx by itself (RFC 3261 §13.3.1.4).
        case .accepted, .confirmed, .terminated: false
        }
    }

    package mutating func receiveAcknowledgement(now: Instant) -> Acknowledgement {
        switch state {
        case .completed:
            let wait = timers.i(reliable: isReliable)
            state = wait > .zero ? .confirmed(end: now + wait) : .terminated
            return .absorb
        case .confirmed:
            return .absorb
        case .proceeding, .accepted, .terminated:
            return .passUp
        }
    }

    /// The user has a response.
    /// - Returns: whether to send it; not when another final one went before.
    package mutating func respond(_ code: UInt16, now: Instant) -> Bool {
        switch (state, code) {
        case (.proceeding, ..<200):
            state = .proceeding(tryingDue: nil, responded: true)
            return true
        case (.proceeding, 200..<300):
            state = .accepted(end: now + timers.patience)
            return true
        case (.proceeding, _):
            state = .completed(
                resend: isReliable ? nil : now + timers.t1, gap: timers.t1,
                giveUp: now + timers.patience)
            return true
        case (.accepted, 200..<300):
            return true
        case (.completed, _), (.confirmed, _), (.accepted, _), (.terminated, _):
            return false
        }
    }

    package mutating func advance(to now: Instant) -> Action? {
        guard let deadline, deadline <= now else { return nil }
        switch state {
        case .proceeding:
            state = .proceeding(tryingDue: nil, responded: true)
            return .sendTrying
        case .completed(_, let gap, let giveUp):
            if giveUp <= now {
                state = .terminated
                return .unacknowledged
            }
            // Counted from now: a late wake-up is not made good by a burst.
            let next = timers.doubled(gap)
            state = .completed(resend: now + next, gap: next, giveUp: giveUp)
            return .resend
        case .confirmed, .accepted:
            state = .terminated
            return .ended
        case .terminated:
            return nil
        }
    }
}
