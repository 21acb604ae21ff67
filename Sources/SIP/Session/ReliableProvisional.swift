package import Primitives

/// The UAS's reliable provisional responses to one INVITE (RFC 3262 §3).
///
/// One is under way at a time; the next waits for its PRACK. What is sent is kept as octets by the
/// caller's choice of `Payload`.
package struct ReliableProvisional<Payload: Sendable>: Sendable {
    /// What has come due.
    package enum Due: Sendable {
        case resend(Payload)
        /// 64*T1 passed without PRACK: refuse the INVITE with a 5xx.
        case timedOut
    }

    private struct Pending: Sendable {
        var sequence: UInt32
        var payload: Payload
        var resend: Instant
        var gap: Interval
        var giveUp: Instant
    }

    private var pending: Pending?
    private var nextSequence: UInt32
    private let t1: Interval

    /// - Parameter firstSequence: RSeq of the first response; forced into 1...2^31-1.
    package init(firstSequence: UInt32, t1: Interval) {
        nextSequence = max(1, firstSequence & 0x7fff_ffff)
        self.t1 = t1
    }

    /// A response waits for its PRACK: no other may be sent reliably.
    package var isPending: Bool { pending != nil }

    /// The RSeq that the next response must carry.
    package var sequence: UInt32 { nextSequence }

    /// The response with RSeq `sequence` has just been sent.
    package mutating func sent(_ payload: Payload, now: Instant) {
        pending = Pending(
            sequence: nextSequence, payload: payload, resend: now + t1, gap: t1,
            giveUp: now + t1 * 64)
        nextSequence &+= 1
    }

    /// - Returns: true when the RAck's RSeq matches the response under way, which then is done.
    package mutating func acknowledge(_ sequence: UInt32) -> Bool {
        guard let pending, pending.sequence == sequence else { return false }
        self.pending = nil
        return true
    }

    package var deadline: Instant? { pending.map { min($0.resend, $0.giveUp) } }

    package mutating func advance(to now: Instant) -> Due? {
        guard var due = pending else { return nil }
        if now >= due.giveUp {
            pending = nil
            return .timedOut
        }
        guard now >= due.resend else { return nil }
        // RFC 3262 §3: doubles without the cap at T2.
        due.gap = due.gap * 2
        due.resend = now + due.gap
        pending = due
        return .resend(due.payload)
    }
}
