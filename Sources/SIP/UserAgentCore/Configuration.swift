package import Primitives

extension UserAgentCore {
    /// What a core is told at its making.
    package struct Configuration: Sendable {
        /// Put in front of every tag, branch and Call-ID of ours: which node it was. A token.
        package var identity: String
        /// Where we listen, in order of preference.
        package var points: [ListeningPoint]
        /// Above it, INVITE gets 503 with Retry-After.
        package var maximumSessions = 10_000
        /// Transactions at a time; above it, 503 too. A call takes two for 32 s each: 100 calls a
        /// second need 6,400.
        package var maximumTransactions = 100_000
        /// INVITEs over UDP without ACK at a time from an address that has never sent an ACK: anybody
        /// can write it on a datagram. All such addresses together get half of the sessions.
        package var maximumUnprovenPerAddress = 100
        /// Seconds of Retry-After in a 503; each is told up to twice as long, so that they don't all
        /// come back at once.
        package var retryAfter: UInt32 = 10
        /// Requests that may wait for the application at a time; above it, 503.
        package var maximumRequests = 1_000
        /// How long an INVITE may wait for the application, unless its Expires is shorter.
        package var longestRinging = Interval.seconds(300)
        /// Methods beyond the core's own that the application answers. With OPTIONS among them, it
        /// answers OPTIONS outside of sessions too.
        package var applicationMethods: Set<Method> = []
        /// Media types that the application reads in INVITE, UPDATE and PRACK, in small letters.
        package var acceptedContentTypes = ["application/sdp"]
        package var sessionTimer = SessionTimer.Policy()
        package var timers = SIPTimers()
        /// Largest request that goes over UDP when nothing says which transport to take, in octets
        /// (RFC 3261 §18.1.1).
        package var largestDatagram = 1_300
        /// The value of Server and User-Agent; nil: neither is sent.
        package var product: String?

        package init(identity: String, points: [ListeningPoint]) {
            self.identity = identity
            self.points = points
        }
    }
}
