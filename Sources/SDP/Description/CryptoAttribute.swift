/// An `a=crypto` line with its key, taken apart (RFC 4568 §9.1).
package struct CryptoAttribute: Hashable, Sendable {
    /// The tag that an answer repeats, up to nine digits.
    package var tag: Int
    package var suite: String
    /// Master key and salt as they came, still in base64.
    package var key: String
    /// How many packets the key is good for; nil when not said.
    package var lifetime: UInt64?
    /// The master key identifier and the octets that it takes in each packet.
    package var masterKeyIdentifier: (value: UInt64, length: Int)? {
        get { mki.map { ($0.value, $0.length) } }
        set { mki = newValue.map { MKI(value: $0.value, length: $0.length) } }
    }
    /// `UNENCRYPTED_SRTCP` and the like; one that isn't understood rules out this line (§6.3).
    package var sessionParameters: [String]

    private struct MKI: Hashable, Sendable {
        var value: UInt64
        var length: Int
    }
    private var mki: MKI?

    /// Reads what stands after `a=crypto:`; of several keys the first is taken.
    package init?(line: Substring) {
        let words = line.words
        guard words.count >= 3, words[0].utf8.count <= 9, let tag = words[0].number(as: Int.self)
        else { return nil }
        self.tag = tag
        suite = String(words[1])
        guard let first = words[2].parts(UInt8(ascii: ";")).first else { return nil }
        let (method, info) = first.cut(UInt8(ascii: ":"))
        guard method.isSame(as: "inline"), let info else { return nil }
        // inline:KEY ["|" lifetime] ["|" MKI ":" length], each of the two optional by itself.
        let parts = info.parts(UInt8(ascii: "|"))
        guard let key = parts.first, !key.isEmpty else { return nil }
        self.key = String(key)
        for part in parts.dropFirst() {
            let (value, length) = part.cut(UInt8(ascii: ":"))
            if let length {
                guard let value = value.number(as: UInt64.self),
                    let length = length.number(as: UInt8.self), (1...128).contains(length)
                else { return nil }
                mki = MKI(value: value, length: Int(length))
            } else if let exponent = Self.exponent(part) {
                lifetime = 1 << exponent
            } else {
                guard let n = part.number(as: UInt64.self) else { return nil }
                lifetime = n
            }
        }
        sessionParameters = words.dropFirst(3).map(String.init)
    }

    private static func exponent(_ text: Substring) -> UInt64? {
        let (base, power) = text.cut(UInt8(ascii: "^"))
        guard base == "2", let power, let n = power.number(as: UInt64.self), n < 64 else {
            return nil
        }
        return n
    }
}
