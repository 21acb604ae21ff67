/// Makes octets from octets as a hostile or broken sender might, the same ones for the same seed.
struct Mutation {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    /// xorshift64*
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }

    mutating func below(_ limit: Int) -> Int { limit <= 0 ? 0 : Int(next() % UInt64(limit)) }

    /// One to eight changes; `others` are what may be spliced in.
    mutating func mutate(_ original: [UInt8], others: [[UInt8]]) -> [UInt8] {
        var octets = original
        for _ in 0...below(8) {
            let at = below(octets.count)
            switch below(9) {
            case 0 where !octets.isEmpty: octets[at] ^= 1 << UInt8(below(8))
            case 1 where !octets.isEmpty: octets[at] = UInt8(truncatingIfNeeded: next())
            case 2:
                let tokens = Mutation.tokens
                octets.insert(contentsOf: tokens[below(tokens.count)], at: min(at, octets.count))
            case 3 where !octets.isEmpty:
                octets.removeSubrange(at..<min(octets.count, at + 1 + below(16)))
            case 4 where !octets.isEmpty:
                let piece = octets[at..<min(octets.count, at + 1 + below(64))]
                octets.insert(contentsOf: Array(piece), at: below(octets.count))
            case 5: octets.removeSubrange(min(at, octets.count)...)
            case 6:
                let other = others[below(others.count)]
                let start = below(other.count)
                octets.insert(
                    contentsOf: other[start..<min(other.count, start + below(200))],
                    at: min(at, octets.count))
            case 7:
                // A line twice, or somewhere else.
                let lines = octets.split(separator: 10, omittingEmptySubsequences: false)
                let line = Array(lines[below(lines.count)]) + [10]
                octets.insert(contentsOf: line, at: min(at, octets.count))
            default:
                let length = below(300)
                octets.insert(
                    contentsOf: Array(repeating: octets.isEmpty ? 0x41 : octets[at], count: length),
                    at: min(at, octets.count))
            }
        }
        return octets
    }

    private static let tokens: [[UInt8]] =
        [
            "\r\n", "\n", "\r", "\r\n ", "\r\n\r\n", "\0", "\"", "\\", "<", ">", ",", ";", ":", "@",
            "%", "%00",
            "%zz", "[", "]", "::", "?", "=", "*", "#", " ", "\t", "SIP/2.0", "sip:", "sips:",
            "tel:",
            ";lr", ";tag=", ";branch=z9hG4bK", ";received=", ";rport", ";expires=", ";q=",
            "Content-Length: ",
            "-1", "0", "4294967296", "18446744073709551616", "99999999999999999999", "Via: ",
            "Contact: ",
            "From: ", "l: ", "\u{fc}", "\u{1f3b5}", "\\\"", "\";\"", "<>", "()", "Digest a=b",
            "[::ffff:1.2.3.4]",
            "[2001:db8:::1.2.3.4]",
        ].map { Array($0.utf8) } + [[0xff], [0xc3], [0x80], [0x7f]]
}
