/// A display name, a URI and header parameters: From, To, Route, Diversion and their kind
/// (RFC 3261 §20.10, §25.1 `name-addr / addr-spec`).
package struct NameAddress: Hashable, Sendable, CustomStringConvertible {
    /// What the name says, without quotes and backslashes; nil when there is none.
    package var displayName: String?
    package var uri: URI
    /// Parameters of the header field, not of the URI.
    package var parameters: Parameters

    package init(displayName: String? = nil, _ uri: URI, parameters: Parameters = Parameters()) {
        self.displayName = displayName
        self.uri = uri
        self.parameters = parameters
    }

    package var tag: String? {
        get { parameters["tag"] }
        set { parameters["tag"] = newValue }
    }

    /// `"name" <uri>;parameters`, always with brackets, so that it is right for every URI.
    package var description: String {
        let name = displayName.map { $0.isEmpty ? "" : Parameters.quoted($0) + " " } ?? ""
        return "\(name)<\(uri)>\(parameters)"
    }
}

extension NameAddress {
    /// Reads one value, without list commas.
    /// - Returns: nil when it breaks the grammar. A display name of characters that should have been
    ///   quoted is taken as it is.
    package init?(_ text: String) {
        self.init(parsing: Array(text.utf8)[...])
    }

    package init?(parsing value: ArraySlice<UInt8>) {
        let value = value.trimmed
        var reader = ValueReader(value)
        if reader.peek == .quote {
            guard let name = reader.quotedString() else { return nil }
            displayName = ValueReader.unquoted(name).text
            reader.skipWhitespace()
            guard reader.peek == .less else { return nil }
        } else {
            var probe = reader
            let before = probe.takeWhile { $0 != .less && $0 != .quote && $0 != .semicolon }
            if probe.peek == .less {
                reader = probe
                let name = NameAddress.plainName(before)
                displayName = name.isEmpty ? nil : name.text
            }
        }
        let octets: ArraySlice<UInt8>
        if reader.take(.less) {
            octets = reader.takeWhile { $0 != .greater }
            guard reader.take(.greater) else { return nil }
        } else {
            octets = reader.takeWhile { $0 != .semicolon && !$0.isLinearWhitespace }
            // RFC 3261 §20: such a URI must be in brackets.
            guard !octets.contains(where: { $0 == .question || $0 == .comma }) else { return nil }
        }
        guard let uri = URI(parsing: octets), let parameters = Parameters(reading: &reader) else {
            return nil
        }
        self.uri = uri
        self.parameters = parameters
    }

    /// An unquoted name, runs of white space being one space.
    private static func plainName(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        var name: [UInt8] = []
        for octet in octets.trimmed {
            if octet.isLinearWhitespace {
                if name.last != 0x20 { name.append(0x20) }
            } else {
                name.append(octet)
            }
        }
        return name
    }
}
