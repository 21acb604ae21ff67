/// Why a session ended.
package enum EndCause: Sendable {
    /// The caller gave up before our final response (CANCEL); the request may carry Reason.
    case cancelled(Request)
    /// The peer hung up.
    case bye(Request)
    /// We refused the INVITE with `reject`, or the core did for us after `invited`.
    case refused(StatusCode)
    /// We hung up with `bye`, or cancelled our own INVITE.
    case hungUp
    /// Our INVITE failed with this final response (3xx: redirect; the application may try again).
    case failed(Response)
    /// The time in the INVITE's Expires, or our own limit, ran out before our final response
    /// (RFC 3261 §13.3.1): 487 or 480 was sent.
    case expired
    /// The ACK to an INVITE without offer came without an answer: BYE was sent.
    case unanswered
    /// No ACK to our 2xx within 64*T1: BYE was sent (RFC 3261 §13.3.1.4).
    case noAcknowledgement
    /// No PRACK to our reliable provisional response within 64*T1: 5xx was sent (RFC 3262 §3).
    case noProvisionalAcknowledgement
    /// The session timer ran out: BYE was sent (RFC 4028 §10).
    case sessionExpired
    /// A request of ours in the dialog got 481 or 408, or no answer (RFC 3261 §12.2.1.2).
    case dialogGone(StatusCode)
    /// The peer can't be reached: connection broken, ICMP error.
    case transportFailed
}
