package import Primitives

/// Non-INVITE server transaction (RFC 3261 §17.2.2 as amended by RFC 4320).
///
/// It knows when to send, not what: the owner keeps the last response.
///
/// ```
///                   | request: to the user
///                   V
///             +------------+  request: absorbed
///             |   Trying   |------------------------+
///             +------------+                        |
///                   | 100, when the user is silent  |
///                   | for long (RFC 4320 §4.1)      | 200-699: send
///                   V                               |
///             +------------+  request: resend       |
///             | Proceeding |----------------------->|
///             +------------+  200-699: send         V
///                   |                         +------------+ request: resend
///   64*T1 are over: |                         | Completed  | responses: dropped
///   no answer at all|                         +------------+
///   (RFC 4320 §4.2) |     J, transport error        |
///                   V                               |
///             +------------+                        |
///             | Terminated |<-----------------------+
///             +------------+
/// ```
package struct NonInviteServerTransaction: Sendable {
    /// What the passage of time asks of the owner.
    package enum Action: Equatable, Sendable {
        case sendTrying
        /// The client no longer waits for an answer, and must get none (RFC 4320 §4.2).
        case expired
        /// Timer J.
        case ended
    }

    private enum State {
        case trying(tryingDue: Instant, giveUp: Instant)
        case proceeding(giveUp: Instant)
        case completed(end: Instant)
        case terminated
    }

    private var state: State
    private let timers: SIPTimers
    private let isReliable: Bool

    package init(reliable: Bool, timers: SIPTimers, now: Instant) {
        self.timers = timers
        isReliable = reliable
        state = .trying(tryingDue: now + timers.nonInviteTrying, giveUp: now + timers.patience)
    }

    package var isTerminated: Bool {
        if case .terminated = state { true } else { false }
    }

    /// A final response has been given, or none can be any more.
    package var isAnswered: Bool {
        switch state {
        case .trying, .proceeding: false
        case .completed, .terminated: true
        }
    }

    /// When `advance(to:)` is next due; nil when finished.
    package var deadline: Instant? {
        switch state {
        case .trying(let due, let giveUp): min(due, giveUp)
        case .proceeding(let giveUp): giveUp
        case .completed(let end): end
        case .terminated: nil
        }
    }

    /// The request came again.
    /// - Returns: whether to send the last response again.
    package func receiveRetransmission() -> Bool {
        switch state {
        case .proceeding, .completed: true
        case .trying, .terminated: false
        }
    }

    /// The user has a response.
    ///
    /// A provisional one is never sent: 100 goes by itself at its time, others are forbidden
    /// (RFC 4320 §4.1); nor is 408 (§4.2), which leaves the client to its own timer.
    /// - Returns: whether to send it.
    package mutating func respond(_ code: UInt16, now: Instant) -> Bool {
        switch state {
        case .trying, .proceeding:
            guard code >= 200 else { return false }
            guard code != 408 else {
                state = .terminated
                return false
            }
            let wait = timers.j(reliable: isReliable)
            state = wait > .zero ? .completed(end: now + wait) : .terminated
            return true
        case .completed, .terminated:
            return false
        }
    }

    package mutating func transportFailed() {
        state = .terminated
    }

    package mutating func advance(to now: Instant) -> Action? {
        guard let deadline, deadline <= now else { return nil }
        switch state {
        case .trying(_, let giveUp) where giveUp > now:
            state = .proceeding(giveUp: giveUp)
            return .sendTrying
        case .trying, .proceeding:
            state = .terminated
            return .expired
        case .completed:
            state = .terminated
            return .ended
        case .terminated:
            return nil
        }
    }
}
