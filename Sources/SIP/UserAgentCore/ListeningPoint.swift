package import Primitives

/// An address on which the node listens, and what it says of itself there.
package struct ListeningPoint: Hashable, Sendable {
    package var transport: TransportProtocol
    /// The address that is called; an unspecified one stands for all of its family.
    package var address: IPAddress
    /// The port that Contact and Via name.
    package var port: UInt16
    /// What Contact and Via name instead of the address that was called: the node's unicast address
    /// where the called one is anycast, or a host name; nil: the called address itself.
    package var advertised: Host?

    package init(
        _ transport: TransportProtocol, _ address: IPAddress, port: UInt16,
        advertised: Host? = nil
    ) {
        self.transport = transport
        self.address = address
        self.port = port
        self.advertised = advertised
    }
}

extension [ListeningPoint] {
    /// The point for messages of `transport` that come to, or leave from, `local`.
    package func point(for transport: TransportProtocol, at local: IPAddress) -> ListeningPoint? {
        var general: ListeningPoint?
        for point in self where point.transport == transport {
            if point.address == local { return point }
            if point.address.isUnspecified, point.address.isIPv6 == local.isIPv6 { general = point }
        }
        guard var general else { return nil }
        general.address = local
        return general
    }
}

extension ListeningPoint {
    /// The host of Contact and Via.
    var host: Host { advertised ?? .address(address) }

    /// The Contact of a dialog or response here.
    func contact(user: String?, isSecure: Bool) -> URI {
        var uri = URI(
            isSecure ? .sips : .sip, host: host,
            port: port == (isSecure ? 5061 : transport.defaultPort) ? nil : port)
        uri.escapedUser = user
        // Without the parameter sip: means UDP and sips: TLS (RFC 3263 §4.1).
        if transport == .tcp || (transport == .tls && !isSecure) {
            uri.parameters.set("transport", transport == .tcp ? "tcp" : "tls")
        }
        return uri
    }
}
