/// Why a response is what it is, for people (RFC 3261 §20.43).
package struct Warning: Hashable, Sendable, CustomStringConvertible {
    /// Three digits; 3xx for SIP.
    package var code: UInt16
    /// Host or pseudonym that adds it.
    package var agent: String
    package var text: String

    package init(_ code: UInt16, agent: String, text: String) {
        self.code = code
        self.agent = agent
        self.text = text
    }

    package var description: String { "\(code) \(agent) \(Parameters.quoted(text))" }
}

extension Warning {
    init?(parsing value: ArraySlice<UInt8>) {
        var reader = ValueReader(value.trimmed)
        let digits = reader.takeWhile(\.isDigit)
        guard digits.count == 3, let code = UInt64(digits: digits), reader.skipWhitespace() else {
            return nil
        }
        let agent = reader.takeWhile { !$0.isLinearWhitespace }
        guard !agent.isEmpty, reader.skipWhitespace(), let quoted = reader.quotedString(),
            reader.isAtEnd
        else { return nil }
        self.init(
            UInt16(truncatingIfNeeded: code), agent: agent.text,
            text: ValueReader.unquoted(quoted).text)
    }
}
