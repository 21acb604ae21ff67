/// `;name=value` parameters of a header field or URI, in order.
///
/// Names compare without regard to ASCII case; values are kept as they were written.
package struct Parameters: Hashable, Sendable, CustomStringConvertible {
    package struct Parameter: Hashable, Sendable {
        package var name: String
        /// As written, a quoted string with its quotes; nil for a flag.
        package var value: String?

        package init(_ name: String, _ value: String? = nil) {
            self.name = name
            self.value = value
        }
    }

    /// How many there may be in one value that is read: looking one up takes time by their number.
    static let limit = 128

    package private(set) var all: [Parameter]

    package init(_ all: [Parameter] = []) { self.all = all }

    package var isEmpty: Bool { all.isEmpty }

    /// The first value of this name, a quoted string without its quotes; setting it replaces every
    /// parameter of the name or appends one, nil removes. The caller quotes.
    package subscript(_ name: String) -> String? {
        get {
            first(name)?.value.map(Parameters.unquoted)
        }
        set {
            guard let newValue else { return remove(name) }
            set(name, newValue)
        }
    }

    /// Whether the parameter is there, with or without a value.
    package func contains(_ name: String) -> Bool { first(name) != nil }

    package func first(_ name: String) -> Parameter? {
        all.first { $0.name.utf8.equalsIgnoringCase(name) }
    }

    package mutating func set(_ name: String, _ value: String? = nil) {
        if let index = all.firstIndex(where: { $0.name.utf8.equalsIgnoringCase(name) }) {
            all[index].value = value
        } else {
            all.append(Parameter(name, value))
        }
    }

    package mutating func append(_ name: String, _ value: String? = nil) {
        all.append(Parameter(name, value))
    }

    package mutating func remove(_ name: String) {
        all.removeAll { $0.name.utf8.equalsIgnoringCase(name) }
    }

    /// `;a=1;b`, empty when there are none.
    package var description: String {
        var text = ""
        for parameter in all {
            text += ";" + parameter.name
            if let value = parameter.value { text += "=" + value }
        }
        return text
    }

    /// What a value says: a quoted string without its quotes and backslashes.
    static func unquoted(_ value: String) -> String {
        guard value.utf8.first == .quote, value.utf8.count >= 2 else { return value }
        return ValueReader.unquoted(Array(value.utf8)[...]).text
    }

    /// `text` as a quoted string (RFC 3261 §25.1); line ends become spaces.
    package static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted.unicodeScalars.append("\\")
            case "\r", "\n", "\0":
                quoted.unicodeScalars.append(" ")
                continue
            default: break
            }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}

extension Parameters {
    /// Reads `*( SEMI name [ EQUAL value ] )` to the end of the value.
    /// - Returns: nil when something else is there, a parameter is empty, or there are too many.
    init?(reading reader: inout ValueReader) {
        all = []
        while true {
            reader.skipWhitespace()
            guard !reader.isAtEnd else { return }
            guard reader.take(.semicolon), all.count < Parameters.limit else { return nil }
            reader.skipWhitespace()
            guard let name = reader.token() else { return nil }
            reader.skipWhitespace()
            guard reader.take(.equals) else {
                all.append(Parameter(name.text))
                continue
            }
            reader.skipWhitespace()
            guard let value = Parameters.value(reading: &reader) else { return nil }
            all.append(Parameter(name.text, value))
        }
    }

    /// A quoted string, or whatever has no separator in it: tokens, hosts, IPv6 references, and the
    /// odd value of a phone that should have quoted it.
    static func value(reading reader: inout ValueReader) -> String? {
        if reader.peek == .quote { return reader.quotedString()?.text }
        let value = reader.takeWhile {
            switch $0 {
            case ...0x20, 0x7f, .semicolon, .comma, .quote, .less, .greater: false
            default: true
            }
        }
        return value.isEmpty ? nil : value.text
    }
}
