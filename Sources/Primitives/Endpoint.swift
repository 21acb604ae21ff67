/// An address and a UDP or TCP port.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    package var address: IPAddress
    package var port: UInt16

    @inlinable
    package init(_ address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Whether not both can be listened on by the same transport: an unspecified address is every one.
    package func collides(with other: Endpoint) -> Bool {
        port == other.port
            && (address == other.address || address.isUnspecified || other.address.isUnspecified)
    }

    /// `192.0.2.1:5060` or `[2001:db8::1]:5060`.
    package var description: String { "\(address.hostText):\(port)" }
}

extension Endpoint {
    /// Reads `192.0.2.1:5060` or `[2001:db8::1]:5060`; the port is required.
    package init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]),
            let address = IPAddress(text[..<colon]),
            address.isIPv6 == (text.first == "[")
        else { return nil }
        self.init(address, port: port)
    }
}
