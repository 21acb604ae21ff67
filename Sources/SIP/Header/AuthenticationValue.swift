/// A challenge or credentials: a scheme and its parameters (RFC 3261 §20.7, §20.44, RFC 7616 §3).
package struct AuthenticationValue: Hashable, Sendable, CustomStringConvertible {
    /// `Digest`, as written.
    package var scheme: String
    package var parameters: Parameters

    package init(_ scheme: String, parameters: Parameters = Parameters()) {
        self.scheme = scheme
        self.parameters = parameters
    }

    package var isDigest: Bool { scheme.utf8.equalsIgnoringCase("Digest") }

    /// The value of a parameter, without quotes.
    package subscript(_ name: String) -> String? { parameters[name] }

    /// `Digest realm="…", nonce="…"`.
    package var description: String {
        let list = parameters.all.map { parameter in
            parameter.value.map { "\(parameter.name)=\($0)" } ?? parameter.name
        }
        return list.isEmpty ? scheme : scheme + " " + list.joined(separator: ", ")
    }
}

extension AuthenticationValue {
    /// Reads the challenges (or the credentials) of one field; several may share a line.
    /// - Returns: nil when a quoted string never ends or something is no parameter. A scheme with
    ///   a bare token behind it (RFC 9110 §11.2 `token68`) has that token as a parameter's name.
    static func list(parsing value: ArraySlice<UInt8>) -> [AuthenticationValue]? {
        guard let elements = ValueReader.list(value), !elements.isEmpty else { return nil }
        var values: [AuthenticationValue] = []
        for element in elements {
            var reader = ValueReader(element)
            guard var name = reader.token() else { return nil }
            let isSeparated = reader.skipWhitespace()
            // A token that no `=` follows is a scheme, the first parameter being behind it.
            if reader.peek != .equals {
                guard isSeparated || reader.isAtEnd else { return nil }
                values.append(AuthenticationValue(name.text))
                guard !reader.isAtEnd else { continue }
                guard let first = reader.token() else { return nil }
                name = first
                reader.skipWhitespace()
            }
            guard !values.isEmpty else { return nil }
            var parameter: String?
            if reader.take(.equals) {
                reader.skipWhitespace()
                if let value = Parameters.value(reading: &reader) {
                    parameter = value
                } else if reader.isAtEnd {
                    // token68 ends in `=`.
                    parameter = ""
                } else {
                    return nil
                }
                reader.skipWhitespace()
            }
            guard reader.isAtEnd, values[values.count - 1].parameters.all.count < Parameters.limit
            else { return nil }
            values[values.count - 1].parameters.append(name.text, parameter)
        }
        return values
    }
}
