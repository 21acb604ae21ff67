package import Primitives

/// Where media may be sent on the word of a session description alone (RFC 7088 §7: a music
/// server sends to whatever address it is told, so it can be turned on a victim).
package struct DestinationPolicy: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// Send at once.
        case allowed
        /// Send at the capped rate until the dialog's ACK shows that the sender of the request
        /// receives at this address: the To tag in it is known only to who saw the answer.
        case untilAcknowledged
        /// Send at the capped rate until RTP or RTCP comes from there.
        case untilProved
        /// Never send there: unspecified, broadcast, or our own loopback from elsewhere.
        case refused
    }

    package var allowedNetworks: [IPNetwork]

    package init(allowedNetworks: [IPNetwork]) {
        self.allowedNetworks = allowedNetworks
    }

    /// - Parameter source: where the request that carries the description came from.
    package func verdict(destination: IPAddress, source: IPAddress) -> Verdict {
        if destination.isUnspecified || destination.isLimitedBroadcast || destination.isMulticast {
            return .refused
        }
        // A stranger must not reach what listens on our loopback only.
        if destination.isLoopback && !source.isLoopback { return .refused }
        if allowedNetworks.contains(where: { $0.contains(destination) }) { return .allowed }
        return destination == source ? .untilAcknowledged : .untilProved
    }
}
