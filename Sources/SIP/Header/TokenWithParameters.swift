/// A token or `type/subtype` with parameters: Event, Content-Type, Content-Disposition, Reason,
/// Accept, Replaces and other fields of that shape.
package struct TokenWithParameters: Hashable, Sendable, CustomStringConvertible {
    /// As written; a media type without the white space around its slash.
    package var value: String
    package var parameters: Parameters

    package init(_ value: String, parameters: Parameters = Parameters()) {
        self.value = value
        self.parameters = parameters
    }

    /// Compares the value without regard to ASCII case.
    package func isValue(_ other: String) -> Bool { value.utf8.equalsIgnoringCase(other) }

    package var description: String { "\(value)\(parameters)" }
}

extension TokenWithParameters {
    package init?(_ text: String) {
        self.init(parsing: Array(text.utf8)[...])
    }

    init?(parsing value: ArraySlice<UInt8>) {
        var reader = ValueReader(value.trimmed)
        guard let token = reader.token() else { return nil }
        var text = token.text
        reader.skipWhitespace()
        if reader.take(.slash) {
            reader.skipWhitespace()
            guard let subtype = reader.token() else { return nil }
            text += "/" + subtype.text
        }
        guard let parameters = Parameters(reading: &reader) else { return nil }
        self.init(text, parameters: parameters)
    }
}
