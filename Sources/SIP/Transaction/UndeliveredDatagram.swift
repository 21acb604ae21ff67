package import Primitives

/// What ICMP says of a datagram of ours that did not arrive (RFC 792, RFC 4443).
///
/// Anybody can forge such a message, so that it acts only where it fits a request that waits for its
/// response: see `TransactionLayer.undelivered`.
package struct UndeliveredDatagram: Sendable {
    package enum Cause: Hashable, Sendable {
        /// Port or protocol unreachable: the host is there, and nobody on it listens (RFC 1122
        /// §3.2.2.1).
        case refused
        /// Host or network unreachable, or a router that may not let it pass: that may be mended
        /// in a moment (RFC 1122 §4.2.3.9, RFC 5927 §4).
        case unreachable
    }

    package var cause: Cause
    /// Where the datagram was going.
    package var destination: Endpoint
    /// Its beginning, as far as it is quoted; empty where the sender of the ICMP message quotes no
    /// more than the UDP header, which is all that it must (RFC 792).
    package var quote: [UInt8]

    package init(_ cause: Cause, to destination: Endpoint, quote: [UInt8]) {
        self.cause = cause
        self.destination = destination
        self.quote = quote
    }

    /// What came of it.
    package enum Effect: Hashable, Sendable {
        /// Nothing waits there, or what waits has been sent only once since it was last said.
        case none
        /// Remembered, until it is said again of a retransmission.
        case noted
        /// So many requests are over, one of them of this call.
        case ended(Int, callID: String?)
    }
}

extension UndeliveredDatagram {
    /// The branch and method of the request that is quoted, if it is one and the quote goes so far.
    ///
    /// The Via is in the second line, where we write it.
    var request: ClientTransactionKey? {
        let lines = quote.split(
            separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count > 1 else { return nil }
        let via = String(decoding: lines[1], as: UTF8.self)
        guard via.hasPrefix("Via:"),
            let branch = via.split(separator: ";").first(where: { $0.hasPrefix("branch=") })
        else { return nil }
        let method = String(decoding: lines[0].prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
        return ClientTransactionKey(
            branch: String(branch.dropFirst("branch=".count).prefix { !$0.isWhitespace }),
            // The ACK of a refusal belongs to its INVITE (RFC 3261 §17.1.1.3).
            method: method == "ACK" ? .invite : Method(method))
    }
}
