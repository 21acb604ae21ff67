package import Primitives

/// Names one recorded message on this node and in the whole company, from the INVITE to the relay's
/// 250. It is a directory's name, the left side of the mail's Message-ID, and sorts by time.
package struct MessageIdentifier: Hashable, Sendable, Codable, CustomStringConvertible {
    /// `SECONDS-NODE-RANDOM`: hexadecimal seconds since 1970, the node's name, 64 random bits.
    package let description: String

    /// - Parameter node: the node's name; what is not a letter, a digit or `-` is left out.
    package init(at now: WallClockTime, node: String, random: UInt64) {
        let letters = node.unicodeScalars.filter {
            $0 == "-" || ("0"..."9").contains($0) || ("a"..."z").contains($0)
                || ("A"..."Z").contains($0)
        }
        var name = ""
        name.unicodeScalars.append(contentsOf: letters)
        let seconds = String(UInt64(max(0, now.nanoseconds)) / 1_000_000_000, radix: 16)
        description = "\(seconds)-\(name.isEmpty ? "node" : name)-\(String(random, radix: 36))"
    }

    /// Nil unless `text` has the characters of an identifier and so can be a file's name.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 128,
            text.utf8.allSatisfy({ octet in
                octet == UInt8(ascii: "-")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet)
            })
        else { return nil }
        description = text
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let identifier = MessageIdentifier(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is not a message identifier")
        }
        self = identifier
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
