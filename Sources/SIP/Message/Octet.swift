/// The character classes of RFC 3261 §25.1, on octets.
extension UInt8 {
    /// SP, HTAB, and the CR and LF of a fold.
    @inlinable
    var isLinearWhitespace: Bool { self == 0x20 || self == 0x09 || self == 0x0d || self == 0x0a }

    @inlinable
    var isDigit: Bool { self &- 0x30 < 10 }

    @inlinable
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// A character of `token`.
    @inlinable
    var isToken: Bool {
        if isDigit || isLetter { return true }
        switch self {
        case 0x2d, 0x2e, 0x21, 0x25, 0x2a, 0x5f, 0x2b, 0x60, 0x27, 0x7e: return true  // -.!%*_+`'~
        default: return false
        }
    }

    /// `unreserved`: what never needs an escape in a URI.
    @inlinable
    var isUnreserved: Bool {
        if isDigit || isLetter { return true }
        switch self {
        case 0x2d, 0x5f, 0x2e, 0x21, 0x7e, 0x2a, 0x27, 0x28, 0x29: return true  // -_.!~*'()
        default: return false
        }
    }

    /// The value of a hexadecimal digit.
    @inlinable
    var hexadecimal: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }

    @inlinable
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let colon = UInt8(ascii: ":")
    static let semicolon = UInt8(ascii: ";")
    static let comma = UInt8(ascii: ",")
    static let equals = UInt8(ascii: "=")
    static let slash = UInt8(ascii: "/")
    static let at = UInt8(ascii: "@")
    static let less = UInt8(ascii: "<")
    static let greater = UInt8(ascii: ">")
    static let question = UInt8(ascii: "?")
    static let percent = UInt8(ascii: "%")
}

extension Collection<UInt8> {
    /// The octets as UTF-8; what isn't becomes U+FFFD.
    var text: String { String(decoding: self, as: UTF8.self) }

    /// The text with ASCII letters small.
    var lowercasedText: String {
        contains { $0 &- 0x41 < 26 } ? map(\.lowercased).text : text
    }

    /// Whether these are the octets of `text` without regard to ASCII case.
    func equalsIgnoringCase(_ text: String) -> Bool {
        let other = text.utf8
        guard count == other.count else { return false }
        return elementsEqual(other) { $0 == $1 || $0.lowercased == $1.lowercased }
    }
}

extension BidirectionalCollection<UInt8> where SubSequence: BidirectionalCollection<UInt8> {
    /// Without the linear white space at both ends.
    var trimmed: SubSequence {
        var start = startIndex
        var end = endIndex
        while start < end, self[start].isLinearWhitespace { formIndex(after: &start) }
        while start < end, self[index(before: end)].isLinearWhitespace { formIndex(before: &end) }
        return self[start..<end]
    }
}

extension UInt64 {
    /// Digits only; nil when empty, not a number, or too big.
    init?(digits: ArraySlice<UInt8>) {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for octet in digits {
            guard octet.isDigit else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(octet &- 0x30))
            guard !overflow, !carried else { return nil }
            value = sum
        }
        self = value
    }
}
