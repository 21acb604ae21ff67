/// A range of addresses, `192.168.0.0/16` (RFC 4632 §3.1, RFC 4291 §2.3).
package struct IPNetwork: Hashable, Sendable {
    package let address: IPAddress
    /// Leading bits that count: 0 to 32, or 0 to 128.
    package let prefixLength: Int

    /// - Returns: nil when the length does not fit the address family.
    package init?(_ address: IPAddress, prefixLength: Int) {
        guard (0...(address.isIPv6 ? 128 : 32)).contains(prefixLength) else { return nil }
        self.prefixLength = prefixLength
        self.address = IPNetwork.masked(address, prefixLength)
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.isIPv6 == address.isIPv6 && IPNetwork.masked(other, prefixLength) == address
    }

    private static func masked(_ address: IPAddress, _ length: Int) -> IPAddress {
        guard address.isIPv6 else {
            let mask: UInt32 = length == 0 ? 0 : ~0 << UInt32(32 - length)
            return IPAddress(v4: UInt32(truncatingIfNeeded: address.low) & mask)
        }
        let high: UInt64 = length == 0 ? 0 : ~0 << UInt64(64 - min(length, 64))
        let low: UInt64 = length <= 64 ? 0 : ~0 << UInt64(128 - length)
        return IPAddress(v6: address.high & high, address.low & low)
    }

    /// RFC 1918, RFC 4193, RFC 6598 (carrier NAT), link-local and loopback.
    package static let privateNetworks: [IPNetwork] = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
        "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128",
    ].compactMap { IPNetwork($0) }
}

extension IPNetwork: LosslessStringConvertible {
    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or a single address.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress($0) }) else { return nil }
        guard parts.count == 2 else {
            self.init(address, prefixLength: address.isIPv6 ? 128 : 32)
            return
        }
        guard let length = Int(parts[1]) else { return nil }
        self.init(address, prefixLength: length)
    }

    package var description: String { "\(address)/\(prefixLength)" }
}
