extension URI {
    /// - Returns: nil when it is no URI at all.
    package init?(_ text: String) {
        self.init(parsing: Array(text.utf8)[...])
    }

    /// - Returns: nil when it is no URI at all, or a SIP or tel URI that breaks its grammar.
    package init?(parsing octets: ArraySlice<UInt8>) {
        var reader = ValueReader(octets)
        let name = reader.takeWhile {
            $0.isLetter || $0.isDigit || $0 == 0x2b || $0 == 0x2d || $0 == 0x2e
        }
        guard name.first?.isLetter == true, reader.take(.colon) else { return nil }
        // White space, controls, and what delimits a URI in a header field can't be within one.
        // Octets beyond ASCII should have been escaped; they harm nobody.
        guard reader.rest.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != .less && $0 != .greater })
        else { return nil }
        // Quotes are in no URI by the grammar; proxies put them into parameters of Record-Route.
        let beforeParameters = reader.rest.prefix { $0 != .semicolon }
        guard !beforeParameters.contains(.quote) else { return nil }
        if name.equalsIgnoringCase("sip") {
            self.init(sip: .sip, reader, written: octets)
        } else if name.equalsIgnoringCase("sips") {
            self.init(sip: .sips, reader, written: octets)
        } else if name.equalsIgnoringCase("tel") {
            self.init(tel: reader, written: octets)
        } else {
            guard !reader.isAtEnd, !reader.rest.contains(.quote) else { return nil }
            self.init(
                scheme: .other(name.text.lowercased()), escapedUser: nil, password: nil,
                host: .name(""), port: nil, parameters: Parameters(), headers: nil,
                opaque: reader.rest.text, written: octets.text)
        }
    }

    /// What stands where a URI should and isn't one: only its text.
    static func malformed(_ octets: ArraySlice<UInt8>) -> URI {
        let text = octets.text
        return URI(
            scheme: .malformed, escapedUser: nil, password: nil, host: .name(""), port: nil,
            parameters: Parameters(), headers: nil, opaque: text, written: text)
    }

    private init?(sip scheme: Scheme, _ start: ValueReader, written: ArraySlice<UInt8>) {
        var reader = start
        var user: String?
        var password: String?
        // The user part may hold `;` and `?`; an unescaped `@` is nowhere else.
        let rest = reader.rest
        if let at = rest.firstIndex(of: .at) {
            var info = rest[..<at]
            reader = ValueReader(rest[(at + 1)...])
            guard URI.hasValidEscapes(info), !info.contains(.quote), !reader.rest.contains(.at)
            else { return nil }
            if let colon = info.firstIndex(of: .colon) {
                password = info[(colon + 1)...].text
                info = info[..<colon]
            }
            guard !info.isEmpty else { return nil }
            user = info.text
        }
        let hostStart = reader.position
        guard let host = Host(reading: &reader), let port = Host.port(reading: &reader) else {
            return nil
        }
        let hostPort = written[hostStart..<reader.position]
        let parametersStart = reader.position
        guard let parameters = URI.parameters(reading: &reader) else { return nil }
        let isAsWritten =
            URI.isAsWritten(written, hostPort)
            && !written[parametersStart..<reader.position].contains(.percent)
        var headers: String?
        if reader.take(.question) {
            guard !reader.isAtEnd, !reader.rest.contains(.quote),
                URI.hasValidEscapes(reader.rest)
            else { return nil }
            headers = reader.rest.text
        } else if !reader.isAtEnd {
            return nil
        }
        self.init(
            scheme: scheme, escapedUser: user, password: password, host: host, port: port,
            parameters: parameters, headers: headers, opaque: "",
            written: isAsWritten ? nil : written.text)
    }

    /// Whether the components put together give these octets again, so that no copy need be kept:
    /// scheme and host in small letters, no IPv6, no port with a zero in front.
    private static func isAsWritten(_ uri: ArraySlice<UInt8>, _ hostPort: ArraySlice<UInt8>) -> Bool
    {
        guard let first = uri.first, first == 0x73, uri.prefix(4).allSatisfy({ $0 & 0x20 != 0 })
        else {
            return false
        }
        var previous: UInt8 = 0
        for octet in hostPort {
            if octet &- 0x41 < 26 || octet == 0x5b || (octet == 0x30 && previous == .colon) {
                return false
            }
            previous = octet
        }
        return true
    }

    private init?(tel start: ValueReader, written: ArraySlice<UInt8>) {
        var reader = start
        let number = reader.takeWhile { $0 != .semicolon }
        guard TelephoneNumber.isNumber(number),
            let parameters = URI.parameters(reading: &reader), reader.isAtEnd
        else { return nil }
        self.init(
            scheme: .tel, escapedUser: number.text, password: nil, host: .name(""), port: nil,
            parameters: parameters, headers: nil, opaque: "", written: written.text)
    }

    /// `*( ";" name [ "=" value ] )` up to `?` or the end.
    private static func parameters(reading reader: inout ValueReader) -> Parameters? {
        var parameters = Parameters()
        while reader.take(.semicolon) {
            let name = reader.takeWhile { $0 != .semicolon && $0 != .equals && $0 != .question }
            guard !name.isEmpty, hasValidEscapes(name), parameters.all.count < Parameters.limit
            else {
                return nil
            }
            guard reader.take(.equals) else {
                parameters.append(normalised(name))
                continue
            }
            let value = reader.takeWhile { $0 != .semicolon && $0 != .question }
            guard hasValidEscapes(value) else { return nil }
            parameters.append(normalised(name), normalised(value))
        }
        return parameters
    }
}
