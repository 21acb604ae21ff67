/// One value of Contact (RFC 3261 §20.10).
package struct Contact: Hashable, Sendable, CustomStringConvertible {
    package var address: NameAddress

    package init(_ address: NameAddress) { self.address = address }

    package var uri: URI {
        get { address.uri }
        set { address.uri = newValue }
    }
    package var parameters: Parameters {
        get { address.parameters }
        set { address.parameters = newValue }
    }

    /// `expires` in seconds. A value that is no number counts as 3600 (RFC 3261 §10.2.1.1), one
    /// above 2^32-1 as that.
    package var expires: UInt32? {
        get {
            guard let text = parameters["expires"] else { return nil }
            let digits = Array(text.utf8)[...]
            guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return 3600 }
            return UInt64(digits: digits).map { UInt32(clamping: $0) } ?? .max
        }
        set { parameters["expires"] = newValue.map(String.init) }
    }

    /// `q` in thousandths, 0 to 1000; nil when absent or malformed.
    package var preference: Int? { parameters["q"].flatMap(Contact.thousandths) }

    package var description: String { address.description }

    /// Reads `qvalue`: 0 or 1 with up to three decimals.
    static func thousandths(_ text: String) -> Int? {
        let octets = Array(text.utf8)
        guard (1...5).contains(octets.count), octets[0] == 0x30 || octets[0] == 0x31 else {
            return nil
        }
        var value = Int(octets[0] - 0x30) * 1000
        guard octets.count > 1 else { return value }
        guard octets[1] == 0x2e else { return nil }
        var scale = 100
        for octet in octets[2...] {
            guard octet.isDigit else { return nil }
            value += Int(octet - 0x30) * scale
            scale /= 10
        }
        return value <= 1000 ? value : nil
    }
}

/// What the Contact fields of a message hold together.
package enum Contacts: Hashable, Sendable {
    /// `*`: all bindings of the address-of-record (RFC 3261 §10.2.2).
    case all
    /// In order of appearance; empty when there is no Contact.
    case list([Contact])

    /// The addresses; none for `*`.
    package var list: [Contact] {
        if case .list(let contacts) = self { contacts } else { [] }
    }
}
