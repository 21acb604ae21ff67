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
        /// Never send there: unspecified, broadcast, our own loopback from elsewhere, or a port
        /// where something else than a phone's media is.
        case refused
    }

    package var allowedNetworks: [IPNetwork]

    package init(allowedNetworks: [IPNetwork]) {
        self.allowedNetworks = allowedNetworks
    }

    /// - Parameter source: where the request that carries the description came from.
    package func verdict(destination endpoint: Endpoint, source: IPAddress) -> Verdict {
        let destination = endpoint.address
        // Name servers, clocks and SIP servers would have to read it; no phone is on these ports.
        if endpoint.port < 1024 || (5060...5061).contains(endpoint.port) { return .refused }
        // The networks of the other family would not be asked (RFC 4291 §2.5.5).
        if destination.embedsIPv4 { return .refused }
        if destination.isUnspecified || destination.isLimitedBroadcast || destination.isMulticast {
            return .refused
        }
        // A stranger must not reach what listens on our loopback only.
        if destination.isLoopback && !source.isLoopback { return .refused }
        if allowedNetworks.contains(where: { $0.contains(destination) }) { return .allowed }
        return destination == source ? .untilAcknowledged : .untilProved
    }

    /// Where reports go when `a=rtcp` names another host (RFC 3605): nobody asks that host whether
    /// it wants them, so it must be in an allowed network.
    /// - Returns: nil: to the port above that of the media.
    package func reports(to named: Endpoint?, media: Endpoint, source: IPAddress) -> Endpoint? {
        guard let named else { return nil }
        let isSameHost = named.address == media.address && named.port != 0
        return isSameHost && verdict(destination: named, source: source) != .refused
            || verdict(destination: named, source: source) == .allowed ? named : nil
    }
}
