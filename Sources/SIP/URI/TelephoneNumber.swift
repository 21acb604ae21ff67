/// The number of a tel URI, or of a SIP URI's user part (RFC 3966, RFC 3261 §19.1.6).
package struct TelephoneNumber: Hashable, Sendable, CustomStringConvertible {
    /// Digits (and `*`, `#`, A to D of a local one) without visual separators; global ones start
    /// with `+`.
    package let digits: String
    /// `phone-context` of a local number, its digits without separators; or a domain.
    package let context: String?
    /// `ext`, without separators.
    package let numberExtension: String?

    package var isGlobal: Bool { digits.utf8.first == UInt8(ascii: "+") }

    /// The number alone; a local one whose context is a global prefix is joined to it (RFC 3966 §5.1.5
    /// says that the two together are the number's identity).
    package var description: String {
        guard !isGlobal, let context, context.utf8.first == UInt8(ascii: "+") else { return digits }
        return context + digits
    }

    /// - Returns: nil when the URI names no number: neither tel, nor SIP with a user part of digits.
    package init?(_ uri: URI) {
        guard let user = uri.user else { return nil }
        // The user part may be a whole telephone-subscriber: number and parameters (§19.1.6).
        let parts = user.split(separator: ";", omittingEmptySubsequences: false)
        guard let number = parts.first, TelephoneNumber.isNumber(Array(number.utf8)[...]) else {
            return nil
        }
        var parameters = uri.scheme == .tel ? uri.parameters : Parameters()
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard let name = pair.first else { continue }
            parameters.append(String(name), pair.count == 2 ? String(pair[1]) : nil)
        }
        digits = TelephoneNumber.plain(String(number))
        context = parameters["phone-context"].map { context in
            context.utf8.first == UInt8(ascii: "+")
                ? TelephoneNumber.plain(context) : context.lowercased()
        }
        numberExtension = parameters["ext"].map(TelephoneNumber.plain)
    }

    /// Without visual separators, letters small (RFC 3966 §4).
    static func plain(_ number: String) -> String {
        String(decoding: number.utf8.filter { !isSeparator($0) }.map(\.lowercased), as: UTF8.self)
    }

    /// Whether these octets are a global or local number: at least one digit.
    static func isNumber(_ octets: ArraySlice<UInt8>) -> Bool {
        let isGlobal = octets.first == UInt8(ascii: "+")
        let number = isGlobal ? octets.dropFirst() : octets
        var digits = 0
        for octet in number {
            switch octet {
            case 0x30...0x39: digits += 1
            case UInt8(ascii: "*"), UInt8(ascii: "#"), 0x41...0x46, 0x61...0x66:
                guard !isGlobal else { return false }
                digits += 1
            case _ where isSeparator(octet): continue
            default: return false
            }
        }
        return digits > 0
    }

    /// `visual-separator`: - . ( )
    private static func isSeparator(_ octet: UInt8) -> Bool {
        octet == 0x2d || octet == 0x2e || octet == 0x28 || octet == 0x29
    }
}
