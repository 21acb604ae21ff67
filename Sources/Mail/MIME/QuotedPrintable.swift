/// Quoted-printable (RFC 2045 §6.7), for text: any line end becomes CRLF.
enum QuotedPrintable {
    /// Nothing stands in it that a relay might change: no line of more than 76 characters, no white
    /// space at a line's end, and no `.` or `From ` at its beginning.
    static func encode(_ text: String) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count + text.utf8.count / 8)
        let octets = Array(text.utf8)
        var column = 0
        var index = 0
        while index < octets.count {
            let octet = octets[index]
            index += 1
            if octet == UInt8(ascii: "\r") || octet == UInt8(ascii: "\n") {
                if octet == UInt8(ascii: "\r"), index < octets.count,
                    octets[index] == UInt8(ascii: "\n")
                {
                    index += 1
                }
                encoded.append(contentsOf: "\r\n".utf8)
                column = 0
                continue
            }
            let isLast =
                index == octets.count || octets[index] == UInt8(ascii: "\n")
                || octets[index] == UInt8(ascii: "\r")
            let isMarked =
                column == 0
                && (octet == UInt8(ascii: ".") || octets[(index - 1)...].starts(with: "From ".utf8))
            let isPlain = !isMarked && isPlain(octet, isLast: isLast)
            let width = isPlain ? 1 : 3
            // The 76th place is for the `=` of a soft break, unless the line ends by itself.
            if column + width > (isLast ? 76 : 75) {
                encoded.append(contentsOf: "=\r\n".utf8)
                column = 0
                // What became the first of its line may have to be encoded now.
                index -= 1
                continue
            }
            if isPlain {
                encoded.append(octet)
            } else {
                encoded.append(contentsOf: "=\(Hexadecimal.upperCase(octet))".utf8)
            }
            column += width
        }
        return encoded
    }

    private static func isPlain(_ octet: UInt8, isLast: Bool) -> Bool {
        switch octet {
        case UInt8(ascii: "="): false
        case UInt8(ascii: " "), UInt8(ascii: "\t"): !isLast
        case 0x21...0x7E: true
        default: false
        }
    }
}
