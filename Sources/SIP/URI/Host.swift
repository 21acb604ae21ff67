package import Primitives

/// The host of a URI or Via: an address or a name.
package enum Host: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    case address(IPAddress)
    /// In small letters.
    case name(String)

    /// An address (IPv6 with or without brackets), else a name.
    package init(_ text: String) {
        if let address = IPAddress(text) {
            self = .address(address)
        } else {
            self = .name(text.lowercased())
        }
    }

    package init(stringLiteral text: String) { self.init(text) }

    package var address: IPAddress? {
        if case .address(let address) = self { address } else { nil }
    }

    /// As in a URI: IPv6 in brackets.
    package var description: String {
        switch self {
        case .address(let address): address.hostText
        case .name(let name): name
        }
    }
}

extension Host {
    /// Reads `hostname / IPv4address / IPv6reference` where the reader stands.
    /// - Returns: nil when none is there, or what is within brackets is no IPv6 address.
    init?(reading reader: inout ValueReader) {
        if reader.peek == UInt8(ascii: "[") {
            reader.skip()
            let inside = reader.takeWhile { $0.hexadecimal != nil || $0 == .colon || $0 == 0x2e }
            guard reader.take(UInt8(ascii: "]")), let address = Host.reference(inside) else {
                return nil
            }
            self = .address(address)
            return
        }
        // Underscores are in no hostname, and in many networks.
        let name = reader.takeWhile {
            $0.isDigit || $0.isLetter || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f
        }
        guard !name.isEmpty else { return nil }
        if let first = name.first, first.isDigit, let address = IPAddress(utf8: name) {
            self = .address(address)
        } else {
            self = .name(name.lowercasedText)
        }
    }

    /// RFC 3261's grammar makes `:::` in front of an embedded IPv4 address; RFC 5118 §4.10 wants it
    /// read as `::`.
    private static func reference(_ inside: ArraySlice<UInt8>) -> IPAddress? {
        var octets = Array(inside)
        if octets.contains(0x2e),
            let colons = octets.indices.dropLast(3).first(where: {
                octets[$0...].starts(with: [.colon, .colon, .colon])
            }), !octets[(colons + 3)...].contains(.colon)
        {
            octets.remove(at: colons)
        }
        guard let address = IPAddress(utf8: octets), address.isIPv6 else { return nil }
        return address
    }

    /// Reads `[ ":" port ]`.
    /// - Returns: nil in the outer optional when a colon is followed by no valid port.
    static func port(reading reader: inout ValueReader) -> UInt16?? {
        guard reader.take(.colon) else { return .some(nil) }
        let digits = reader.takeWhile(\.isDigit)
        guard let value = UInt64(digits: digits), let port = UInt16(exactly: value) else {
            return nil
        }
        return .some(port)
    }
}
