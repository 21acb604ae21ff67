package import SIP

/// Counts of one user agent since it started, as a copy to read anywhere.
package struct UserAgentStatistics: Sendable {
    /// Requests by method; a method that we don't know counts as `other`.
    package var requestsReceived: [Method: UInt64] = [:]
    package var requestsSent: [Method: UInt64] = [:]
    /// Responses by the method that they answer and their code.
    package var responsesReceived: [ResponseKind: UInt64] = [:]
    package var responsesSent: [ResponseKind: UInt64] = [:]
    /// Retransmissions, time-outs and merged requests among them.
    package var transactions = TransactionStatistics()
    /// What could not be read as a message, by the reason's name.
    package var parseFailures: [String: UInt64] = [:]
    /// Final answers 300...699 to requests, by the code.
    package var refusals: [StatusCode: UInt64] = [:]
    /// Keep-alives over UDP (empty datagrams, line ends).
    package var keepAlives: UInt64 = 0
    /// What could not be sent.
    package var sendFailures: UInt64 = 0
    /// Datagrams that found the socket's buffer full.
    package var datagramsDropped: UInt64 = 0
    /// ICMP errors about datagrams of ours, by what came of them.
    package var icmpErrors = ICMPErrors()

    package var connectionsAccepted: UInt64 = 0
    package var connectionsMade: UInt64 = 0
    package var connectionsRefused: UInt64 = 0
    /// By `CloseCause.name`.
    package var connectionsClosed: [String: UInt64] = [:]
    package var connectionsOpen = 0
    package var sessions = 0

    package init() {}

    package struct ICMPErrors: Sendable {
        /// That ended requests.
        package var ended: UInt64 = 0
        /// That may end one, should it be said again.
        package var noted: UInt64 = 0
        /// About nothing that waits.
        package var ignored: UInt64 = 0
    }

    package struct ResponseKind: Hashable, Sendable {
        package var method: Method
        package var code: StatusCode

        package init(_ method: Method, _ code: StatusCode) {
            self.method = method
            self.code = code
        }
    }
}
