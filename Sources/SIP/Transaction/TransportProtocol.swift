/// What carries a message (RFC 3261 §18).
package enum TransportProtocol: Hashable, Sendable {
    case udp, tcp, tls

    /// Nothing is lost or repeated on the way: no retransmission is needed.
    package var isReliable: Bool { self != .udp }

    /// The port of a Via or URI that names none (RFC 3261 §19.1.2).
    package var defaultPort: UInt16 { self == .tls ? 5061 : 5060 }

    /// The word in `SIP/2.0/UDP` of a Via.
    package var viaText: String {
        switch self {
        case .udp: "UDP"
        case .tcp: "TCP"
        case .tls: "TLS"
        }
    }
}
