package import Primitives
package import SIP

/// Where the appliance listens for SIP: `udp:192.0.2.1:5060`, `tcp:[2001:db8::1]:5060`,
/// `udp:0.0.0.0:5060`.
package struct ListenAddress: Hashable, Sendable {
    package var transport: TransportProtocol
    /// The address may be unspecified (all addresses); port 0 takes a free port.
    package var endpoint: Endpoint

    package init(_ transport: TransportProtocol, _ endpoint: Endpoint) {
        self.transport = transport
        self.endpoint = endpoint
    }
}

extension ListenAddress: LosslessStringConvertible {
    package init?(_ text: some StringProtocol) {
        guard let colon = text.firstIndex(of: ":"),
            let endpoint = Endpoint(text[text.index(after: colon)...])
        else { return nil }
        switch text[..<colon].lowercased() {
        case "udp": self.init(.udp, endpoint)
        case "tcp": self.init(.tcp, endpoint)
        case "tls": self.init(.tls, endpoint)
        default: return nil
        }
    }

    package var description: String {
        switch transport {
        case .udp: "udp:\(endpoint)"
        case .tcp: "tcp:\(endpoint)"
        case .tls: "tls:\(endpoint)"
        }
    }
}
