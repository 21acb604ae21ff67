#if INTERMEZZO_USER_AGENT_CORE
/// The sans-I/O user agent: messages and instants in, octets to send and events out.
///
/// Confined to one event loop; not thread-safe. The contract of every call: it changes state, then
/// the owner takes `drainActions()` and performs them, then arms its timer by `deadline`. Commands may
/// be called at any time on the loop, also from within the handling of an event.
package final class UserAgentCore {
    /// - Parameters:
    ///   - random: 64 random bits a call, for tags, branches and Call-IDs; seeded in tests.
    ///   - hash: MD5, SHA-256 of digest authentication, for `Call.credentials`.
    package init(
        configuration: Configuration, random: @escaping () -> UInt64,
        hash: @escaping DigestHash)

    // MARK: Input

    package func receive(_ message: Message, on flow: Flow, now: Instant)
    /// A send failed, a connection broke, or ICMP said that nobody is there.
    package func transportFailed(_ destination: Destination, now: Instant)
    package func advance(to now: Instant)
    package var deadline: Instant?
    /// Takes everything that is to be done, in order.
    package func drainActions() -> [Action]

    // MARK: Commands: an incoming call

    /// 180, 183 or any other 101...199. Sent reliably when the INVITE requires it, or when
    /// `reliably` is set and the caller supports it (RFC 3262).
    package func progress(
        _ id: SessionID, _ status: StatusCode, body: MessageBody? = nil, reliably: Bool = false, now: Instant)
    /// 200. `body`: the answer to the offer, or our offer when there was none.
    package func accept(_ id: SessionID, body: MessageBody?, now: Instant)
    /// A final response 300...699, with whatever header fields belong to it
    /// (Warning, Retry-After, Contact).
    package func reject(_ id: SessionID, _ refusal: Refusal, now: Instant)

    // MARK: Commands: a call of ours

    package func invite(_ call: Call, now: Instant) -> SessionID
    /// Before the final response; afterwards `bye`.
    package func cancel(_ id: SessionID, now: Instant)

    // MARK: Commands: within a session

    package func acceptOffer(_ id: SessionID, body: MessageBody, now: Instant)
    package func rejectOffer(_ id: SessionID, _ refusal: Refusal, now: Instant)
    /// A re-INVITE, or an UPDATE when `byUpdate` and the peer allows it. Waits for its turn when
    /// another offer is under way. 491 is retried here (RFC 3261 §14.1).
    package func offer(_ id: SessionID, _ body: MessageBody, byUpdate: Bool = false, now: Instant)
    package func info(_ id: SessionID, _ body: MessageBody, now: Instant)
    /// Ends the session whatever its state: BYE, CANCEL or 487/603 as the state requires. A UAS
    /// whose ACK is still missing waits for it (or for 64*T1) first (RFC 3261 §15).
    /// - Parameter reason: value of a Reason header field (RFC 3326).
    package func end(_ id: SessionID, reason: String? = nil, now: Instant)

    // MARK: Commands: requests without session

    package func respond(to id: RequestID, with refusalOrSuccess: Refusal, now: Instant)

    package struct Configuration: Sendable {
        /// Put in front of every tag and branch: the node's identity.
        package var identity: String
        /// For each address that listens: what Contact and Via say; see `LocalAddress`.
        package var addresses: [LocalAddress]
        /// Above it, INVITE gets 503 with Retry-After.
        package var maximumSessions = 10_000
        package var retryAfter = 10 // seconds
        /// Methods beyond the core's own (INVITE ACK CANCEL BYE OPTIONS PRACK UPDATE INFO) that the application answers.
        package var applicationMethods: Set<Method> = []
        package var acceptedContentTypes = ["application/sdp"]
        package var sessionTimer = SessionTimer.Policy() // Session-Expires 1800, Min-SE 90
        package var timers = SIPTimers()
        /// Server (UAS) and User-Agent (UAC).
        package var product: String
        package var contactUser: String? // of Contact; nil: the Request-URI of the INVITE says
    }

    /// A refusal (or any final answer) with the header fields that belong to it.
    package struct Refusal: Sendable {
        package init(_ status: StatusCode, reason: String? = nil, headers: [(HeaderName, String)] = [])
    }

    /// An outgoing call.
    package struct Call: Sendable {
        package var to: URI            // Request-URI and To
        package var from: NameAddress  // our identity
        package var local: IPAddress?  // address to call from; nil: the first of the configuration
        package var route: [URI]       // preloaded route set: outbound proxy
        package var transport: TransportProtocol?
        package var offer: MessageBody?
        package var headers: [(HeaderName, String)]
        package var credentials: Credentials?  // user, password: for 401/407
        package var sessionExpires: Int?       // seconds; nil: no session timer asked for
    }
}
#endif
