internal import Primitives

/// One header field, folded (RFC 5322 §2.2.3).
struct HeaderField {
    let name: String
    /// What may stand on a line of its own, such as an atom, a quoted string or an encoded word.
    private let words: [String]

    /// A field whose words are as they shall be on the wire.
    init(_ name: String, _ words: [String]) {
        self.name = name
        self.words = words
    }

    init(_ name: String, _ word: String) { self.init(name, [word]) }

    /// Unstructured text such as Subject.
    init(_ name: String, text: String) {
        let words = text.split(separator: " ").map(String.init)
        // A long word could not be folded; `=?` would be taken for an encoded word's beginning.
        let isPlain =
            text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && !text.contains("=?")
            && words.allSatisfy { $0.utf8.count <= 60 }
        self.init(name, isPlain ? words : EncodedWord.words(text, in: name))
    }

    /// Mailboxes (RFC 5322 §3.4) with commas between them.
    init(_ name: String, mailboxes: [(name: String?, address: MailAddress)]) {
        var words: [String] = []
        for (index, mailbox) in mailboxes.enumerated() {
            if let shown = mailbox.name, !shown.isEmpty {
                words += HeaderField.phrase(shown, in: name)
            }
            words.append(mailbox.address.field + (index + 1 < mailboxes.count ? "," : ""))
        }
        self.init(name, words)
    }

    /// A value with parameters, such as Content-Type (RFC 2045 §5.1, RFC 2231).
    init(_ name: String, _ value: String, parameters: [(name: String, value: String)]) {
        var words = [value]
        for parameter in parameters {
            words += Parameter.words(parameter.name, parameter.value)
        }
        for index in words.indices.dropLast() { words[index] += ";" }
        self.init(name, words)
    }

    /// A display name: a quoted string, or encoded words, which never stand within quotes.
    private static func phrase(_ text: String, in field: String) -> [String] {
        let isPlain =
            text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && !text.contains("=?")
        let string = quoted(text)
        // What stands in quotes can't be folded where it has no space; its backslashes count.
        return isPlain && string.utf8.count <= 62 ? [string] : EncodedWord.words(text, in: field)
    }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// Appends the field and its CRLF.
    func write(to octets: inout [UInt8]) {
        octets.append(contentsOf: "\(name):".utf8)
        var column = name.utf8.count + 1
        for (index, word) in words.enumerated() {
            if index > 0 && column + 1 + word.utf8.count > 76 {
                octets.append(contentsOf: "\r\n".utf8)
                column = 0
            }
            octets.append(UInt8(ascii: " "))
            // The last gate: whatever a word was made from, it can't end the field.
            octets.append(contentsOf: word.utf8.lazy.filter { $0 >= 0x20 && $0 != 0x7F })
            column += 1 + word.utf8.count
        }
        octets.append(contentsOf: "\r\n".utf8)
    }

    /// Parameters of a value.
    private enum Parameter {
        /// One word, or several when the value must be split (RFC 2231 §3 and §4).
        static func words(_ name: String, _ value: String) -> [String] {
            let isShortASCII =
                value.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
                && quoted(value).utf8.count <= 57 && !value.contains("=?")
            if isShortASCII { return ["\(name)=\(quoted(value))"] }
            var parts: [String] = ["utf-8''"]
            for scalar in value.unicodeScalars {
                let text = String(scalar).utf8.reduce(into: "") {
                    if isPlain($1) {
                        $0.unicodeScalars.append(Unicode.Scalar($1))
                    } else {
                        $0 += "%" + Hexadecimal.upperCase($1)
                    }
                }
                if parts[parts.count - 1].utf8.count + text.utf8.count > 55 { parts.append("") }
                parts[parts.count - 1] += text
            }
            if parts.count == 1 { return ["\(name)*=\(parts[0])"] }
            return parts.enumerated().map { "\(name)*\($0)*=\($1)" }
        }

        private static func isPlain(_ octet: UInt8) -> Bool {
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "+"):
                true
            default: false
            }
        }
    }
}
