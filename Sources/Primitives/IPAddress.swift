/// An IPv4 or IPv6 address, without zone.
package struct IPAddress: Hashable, Sendable {
    /// The address as a 128-bit number; an IPv4 address is held in its low 32 bits.
    package let high: UInt64
    package let low: UInt64
    package let isIPv6: Bool

    @inlinable
    package init(v4 value: UInt32) {
        high = 0
        low = UInt64(value)
        isIPv6 = false
    }

    @inlinable
    package init(v6 high: UInt64, _ low: UInt64) {
        self.high = high
        self.low = low
        isIPv6 = true
    }

    /// The IPv4 address as a number in host order; nil for IPv6.
    @inlinable
    package var v4: UInt32? { isIPv6 ? nil : UInt32(truncatingIfNeeded: low) }

    package static let anyV4 = IPAddress(v4: 0)
    package static let anyV6 = IPAddress(v6: 0, 0)
    package static let loopbackV4 = IPAddress(v4: 0x7f00_0001)
    package static let loopbackV6 = IPAddress(v6: 0, 1)

    /// 0.0.0.0 or ::.
    package var isUnspecified: Bool { high == 0 && low == 0 }

    package var isLoopback: Bool {
        isIPv6 ? self == .loopbackV6 : low >> 24 == 127
    }

    /// 224.0.0.0/4 or ff00::/8.
    package var isMulticast: Bool {
        isIPv6 ? high >> 56 == 0xff : low >> 28 == 0xe
    }

    /// 255.255.255.255; a directed broadcast can't be told without the interface's mask.
    package var isLimitedBroadcast: Bool { !isIPv6 && low == 0xffff_ffff }

    /// An IPv4 address in IPv6 clothes: ::ffff:0:0/96, or the deprecated ::/96 (RFC 4291 §2.5.5).
    package var embedsIPv4: Bool {
        isIPv6 && high == 0 && (low >> 32 == 0xffff || low >> 32 == 0) && low > 1
    }

    /// fe80::/10 or 169.254.0.0/16.
    package var isLinkLocal: Bool {
        isIPv6 ? high >> 54 == 0x3fa : low >> 16 == 0xa9fe
    }
}

// MARK: - Text

extension IPAddress: LosslessStringConvertible {
    /// Reads dotted decimal IPv4 or RFC 4291 §2.2 IPv6, the latter with or without `[ ]`.
    /// A zone (`%eth0`) is not taken.
    package init?(_ text: some StringProtocol) {
        self.init(utf8: text.utf8)
    }

    /// The same from octets, without making a string.
    package init?(utf8 text: some Collection<UInt8>) {
        self.init(utf8: Array(text)[...])
    }

    /// The same, not generic: every message has addresses, and unspecialised code took ten times as
    /// long to read one.
    package init?(utf8 text: ArraySlice<UInt8>) {
        var octets = text
        if octets.first == UInt8(ascii: "[") {
            guard let end = octets.firstIndex(of: UInt8(ascii: "]")),
                end + 1 == octets.endIndex
            else { return nil }
            octets = octets[(octets.startIndex + 1)..<end]
            guard let address = IPAddress.parseV6(octets) else { return nil }
            self = address
            return
        }
        if octets.contains(UInt8(ascii: ":")) {
            guard let address = IPAddress.parseV6(octets) else { return nil }
            self = address
        } else {
            guard let value = IPAddress.parseV4(octets) else { return nil }
            self.init(v4: value)
        }
    }

    private static func parseV4(_ text: ArraySlice<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for c in text {
            switch c {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                // A leading zero is octal to some readers and decimal to others: refuse it.
                if digits > 0 && octet == 0 { return nil }
                octet = octet * 10 + UInt32(c - UInt8(ascii: "0"))
                digits += 1
                if octet > 255 || digits > 3 { return nil }
            case UInt8(ascii: "."):
                if digits == 0 || dots == 3 { return nil }
                value = value << 8 | octet
                octet = 0
                digits = 0
                dots += 1
            default:
                return nil
            }
        }
        guard dots == 3, digits > 0 else { return nil }
        return value << 8 | octet
    }

    private static func parseV6(_ text: ArraySlice<UInt8>) -> IPAddress? {
        var head: [UInt16] = []
        var tail: [UInt16] = []
        var compressed = false
        var rest = text
        if rest.starts(with: [UInt8(ascii: ":"), UInt8(ascii: ":")]) {
            compressed = true
            rest = rest.dropFirst(2)
        } else if rest.first == UInt8(ascii: ":") {
            return nil
        }
        func append(_ group: UInt16) {
            if compressed { tail.append(group) } else { head.append(group) }
        }
        while !rest.isEmpty {
            guard head.count + tail.count < 8 else { return nil }
            let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
            let group = rest[..<end]
            if group.contains(UInt8(ascii: ".")) {
                guard end == rest.endIndex, let v4 = parseV4(group) else { return nil }
                append(UInt16(v4 >> 16))
                append(UInt16(v4 & 0xffff))
                break
            }
            guard (1...4).contains(group.count) else { return nil }
            var value: UInt16 = 0
            for c in group {
                guard let digit = hexDigit(c) else { return nil }
                value = value << 4 | UInt16(digit)
            }
            append(value)
            rest = rest[end...]
            guard !rest.isEmpty else { break }
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: ":") {
                guard !compressed else { return nil }
                compressed = true
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        let count = head.count + tail.count
        guard compressed ? count < 8 : count == 8 else { return nil }
        let groups = head + Array(repeating: 0, count: 8 - count) + tail
        var words: (UInt64, UInt64) = (0, 0)
        for i in 0..<4 {
            words.0 = words.0 << 16 | UInt64(groups[i])
            words.1 = words.1 << 16 | UInt64(groups[i + 4])
        }
        return IPAddress(v6: words.0, words.1)
    }

    private static func hexDigit(_ c: UInt8) -> UInt8? {
        switch c {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): c - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): c - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): c - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Dotted decimal, or RFC 5952 text without brackets.
    package var description: String {
        guard isIPv6 else {
            return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)"
        }
        let groups = (0..<8).map { i in
            UInt16(truncatingIfNeeded: (i < 4 ? high : low) >> UInt64(48 - 16 * (i % 4)))
        }
        // RFC 5952 §4.2: the longest run of two or more zero groups, the first of equals.
        var best = 0..<0
        var i = 0
        while i < 8 {
            var j = i
            while j < 8 && groups[j] == 0 { j += 1 }
            if j - i >= 2 && j - i > best.count { best = i..<j }
            i = j + 1
        }
        func text(_ range: Range<Int>) -> String {
            range.map { String(groups[$0], radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty
            ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
    }

    /// As a SIP or HTTP host: IPv6 in brackets.
    package var hostText: String { isIPv6 ? "[\(description)]" : description }
}
