/// What a server answered (RFC 5321 §4.2).
package struct SMTPReply: Sendable, Equatable, CustomStringConvertible {
    package var code: Int
    /// All lines, in one, as far as they can be printed.
    package var text: String

    package init(code: Int, text: String) {
        self.code = code
        self.text = text
    }

    package var description: String { "\(code) \(text)" }

    package var isPositive: Bool { (200..<400).contains(code) }
    package var isPermanent: Bool { (500..<600).contains(code) }

    /// RFC 3463, such as `4.2.0`; nil where the reply has none.
    package var enhancedCode: String? {
        let word = text.prefix { $0 != " " }
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, ["2", "4", "5"].contains(parts[0]),
            parts.allSatisfy({ !$0.isEmpty && $0.count <= 3 && $0.allSatisfy(\.isNumber) })
        else { return nil }
        return String(word)
    }

    /// The relay's own name for the mail, as the usual servers tell it: `queued as 4F2`,
    /// `Message accepted for delivery` after a name, `id=1abc`.
    package var queueID: String? {
        let words = text.split(separator: " ")
        func clean(_ word: Substring) -> String? {
            let name = word.prefix {
                $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0))
            }
            return name.isEmpty ? nil : String(name)
        }
        for (index, word) in words.enumerated() {
            let next = index + 1 < words.count ? words[index + 1] : nil
            if word == "as" && index > 0 && words[index - 1] == "queued" {
                return next.flatMap(clean)
            }
            if word.hasPrefix("id=") { return clean(word.dropFirst(3)) }
            if word == "Message" && index > 0 && next == "accepted" {
                let name = words[index - 1]
                return name.hasSuffix(":") ? clean(name.dropLast()) : clean(name)
            }
            if word == "Saved" && index > 0 { return clean(words[index - 1]) }
        }
        return nil
    }

    /// The mail is larger than the server takes (RFC 1870 §6.2, RFC 3463 §3.4).
    package var saysTooLarge: Bool {
        switch enhancedCode {
        case let code? where code.hasPrefix("5."): code == "5.3.4" || code == "5.2.3"
        case nil: code == 552
        default: false
        }
    }
}

/// Puts the lines of a reply together (RFC 5321 §4.2.1).
struct SMTPReplyParser: Sendable {
    /// Longest text that is kept; a server may say what it likes.
    private static let longestText = 500
    private var text = ""

    enum Line: Equatable {
        /// More lines follow.
        case partial
        case reply(SMTPReply)
        /// It is no line of a reply.
        case malformed
    }

    /// - Parameter line: with or without its line end.
    mutating func take(_ line: [UInt8]) -> Line {
        guard line.count >= 3, line[..<3].allSatisfy({ (0x30...0x39).contains($0) }) else {
            return .malformed
        }
        let code = line[..<3].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        let separator = line.count > 3 ? line[3] : UInt8(ascii: " ")
        let words = String(decoding: line.dropFirst(4), as: UTF8.self).unicodeScalars
            .filter { $0.value >= 0x20 && $0.value != 0x7F }
        if text.utf8.count < SMTPReplyParser.longestText {
            if !text.isEmpty { text += " " }
            text.unicodeScalars.append(contentsOf: words.prefix(SMTPReplyParser.longestText))
        }
        if separator == UInt8(ascii: "-") { return .partial }
        defer { text = "" }
        return .reply(SMTPReply(code: code, text: text))
    }
}
