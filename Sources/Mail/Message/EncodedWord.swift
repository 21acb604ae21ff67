internal import FoundationEssentials

/// Encoded words (RFC 2047): text beyond ASCII in header fields.
enum EncodedWord {
    /// Words that say `text` together, to be set apart by white space, which does not count between
    /// them (§6.2). None splits a scalar, nor a character of several that fits into one (§5).
    ///
    /// - Parameter field: its name: a line with an encoded word has at most 76 characters (§2), and
    ///   the first stands behind the name.
    static func words(_ text: String, in field: String) -> [String] {
        let room = 76 - "\(field): =?utf-8?Q??=".utf8.count
        let octets = Array(text.utf8)
        let quoted = octets.reduce(0) { $0 + (isPlain($1) ? 1 : 3) }
        let isQuoted = quoted <= (octets.count + 2) / 3 * 4
        var words: [String] = []
        var word: [UInt8] = []
        func size(_ octets: some Sequence<UInt8>) -> Int {
            isQuoted
                ? octets.reduce(0) { $0 + (isPlain($1) ? 1 : 3) }
                : octets.reduce(0) { n, _ in n + 1 }
        }
        let limit = isQuoted ? room : room / 4 * 3
        var used = 0
        func close() {
            guard !word.isEmpty else { return }
            words.append(encode(word, isQuoted: isQuoted))
            word.removeAll(keepingCapacity: true)
            used = 0
        }
        func add(_ octets: some Sequence<UInt8>) {
            let size = size(octets)
            if used + size > limit { close() }
            word.append(contentsOf: octets)
            used += size
        }
        for character in text {
            if size(character.utf8) <= limit {
                add(character.utf8)
            } else {
                for scalar in character.unicodeScalars { add(String(scalar).utf8) }
            }
        }
        close()
        return words
    }

    private static func encode(_ octets: [UInt8], isQuoted: Bool) -> String {
        guard isQuoted else { return "=?utf-8?B?\(Data(octets).base64EncodedString())?=" }
        var text = "=?utf-8?Q?"
        for octet in octets {
            if octet == UInt8(ascii: " ") {
                text += "_"
            } else if isPlain(octet) {
                text.unicodeScalars.append(Unicode.Scalar(octet))
            } else {
                text += "=" + Hexadecimal.upperCase(octet)
            }
        }
        return text + "?="
    }

    /// What may stand for itself (or as `_`) even in a phrase (§5 (3)).
    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: " "):
            true
        default: false
        }
    }
}
