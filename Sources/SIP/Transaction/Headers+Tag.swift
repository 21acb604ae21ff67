extension Headers {
    /// The tag of From or To, without reading the address: nil where there is none.
    ///
    /// Of a broken value it says what it finds; whoever answers the request reads it in full.
    package func tag(of name: HeaderName) -> String? {
        guard let value = octets(first: name) else { return nil }
        var reader = ValueReader(value)
        while let octet = reader.peek {
            switch octet {
            case .quote:
                guard reader.quotedString() != nil else { return nil }
            case .less:
                _ = reader.takeWhile { $0 != .greater }
            case .semicolon:
                reader.skip()
                reader.skipWhitespace()
                guard let parameter = reader.token() else { continue }
                reader.skipWhitespace()
                guard parameter.equalsIgnoringCase("tag") else { continue }
                guard reader.take(.equals) else { return nil }
                reader.skipWhitespace()
                return Parameters.value(reading: &reader).map(Parameters.unquoted)
            default:
                reader.skip()
            }
        }
        return nil
    }
}
