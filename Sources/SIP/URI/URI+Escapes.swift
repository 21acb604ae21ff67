extension URI {
    /// What may stand unescaped in the user part (RFC 3261 §25.1 `user-unreserved`).
    static func isUser(_ octet: UInt8) -> Bool {
        if octet.isUnreserved { return true }
        switch octet {
        case 0x26, 0x3d, 0x2b, 0x24, 0x2c, 0x3b, 0x3f, 0x2f: return true  // & = + $ , ; ? /
        default: return false
        }
    }

    /// `text` with `%XX` for all that the user part doesn't allow.
    static func escaped(_ octets: some Collection<UInt8>) -> String {
        var escaped: [UInt8] = []
        for octet in octets {
            if isUser(octet) {
                escaped.append(octet)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                escaped += [.percent, digits[Int(octet >> 4)], digits[Int(octet & 15)]]
            }
        }
        return escaped.text
    }

    /// Without escapes; an escape that is none stays as it is.
    static func unescapedOctets(_ text: String) -> [UInt8] {
        let octets = Array(text.utf8)
        guard octets.contains(.percent) else { return octets }
        var plain: [UInt8] = []
        var index = 0
        while index < octets.count {
            if octets[index] == .percent, index + 2 < octets.count,
                let high = octets[index + 1].hexadecimal, let low = octets[index + 2].hexadecimal
            {
                plain.append(high << 4 | low)
                index += 3
            } else {
                plain.append(octets[index])
                index += 1
            }
        }
        return plain
    }

    package static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(.percent) else { return text }
        return String(validating: unescapedOctets(text), as: UTF8.self) ?? text
    }

    /// Without the escapes of characters that need none, anywhere in a URI: `%6C%72` is `lr`
    /// (RFC 3261 §19.1.4). The escapes must be valid.
    static func normalised(_ octets: ArraySlice<UInt8>) -> String {
        guard octets.contains(.percent) else { return octets.text }
        var plain: [UInt8] = []
        var rest = octets
        while let octet = rest.popFirst() {
            if octet == .percent, let high = rest.first?.hexadecimal,
                let low = rest.dropFirst().first?.hexadecimal, (high << 4 | low).isUnreserved
            {
                plain.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                plain.append(octet)
            }
        }
        return plain.text
    }

    /// Whether every `%` is followed by two hexadecimal digits.
    static func hasValidEscapes(_ octets: ArraySlice<UInt8>) -> Bool {
        var rest = octets
        while let percent = rest.firstIndex(of: .percent) {
            rest = rest[(percent + 1)...]
            guard rest.count >= 2, rest.prefix(2).allSatisfy({ $0.hexadecimal != nil }) else {
                return false
            }
        }
        return true
    }
}
