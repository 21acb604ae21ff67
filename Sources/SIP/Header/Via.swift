package import Primitives

/// One value of Via: a hop that the request passed (RFC 3261 §20.42, RFC 3581).
package struct Via: Hashable, Sendable, CustomStringConvertible {
    /// `SIP/2.0`, without white space.
    package var sentProtocol: String
    /// UDP, TCP, TLS, or a name that isn't known here, in capitals.
    package var transport: String
    /// The host and port that the sender says it is.
    package var host: Host
    package var port: UInt16?
    package var parameters: Parameters

    package init(
        transport: String, host: Host, port: UInt16? = nil, parameters: Parameters = Parameters()
    ) {
        sentProtocol = "SIP/2.0"
        self.transport = transport
        self.host = host
        self.port = port
        self.parameters = parameters
    }

    package var branch: String? {
        get { parameters["branch"] }
        set { parameters["branch"] = newValue }
    }

    /// Whether the branch is one of RFC 3261: the cookie and something after it that can be unique.
    package var hasMagicCookie: Bool {
        guard let branch else { return false }
        return branch.utf8.count > 7 && branch.utf8.prefix(7).equalsIgnoringCase("z9hG4bK")
    }

    /// The address that the request came from, as the next hop saw it; IPv6 is read with or without
    /// brackets and written without.
    package var received: IPAddress? {
        get { parameters["received"].flatMap { IPAddress($0) } }
        set { parameters["received"] = newValue.map(\.description) }
    }

    /// Whether the sender asks for symmetric responses (RFC 3581 §3).
    package var wantsRport: Bool { parameters.contains("rport") }

    /// The value of `rport`; nil when absent, empty or no port.
    package var rport: UInt16? {
        get { parameters["rport"].flatMap { UInt16($0) } }
        set { parameters["rport"] = newValue.map(String.init) }
    }

    package var maddr: String? { parameters["maddr"] }

    package var description: String {
        let port = port.map { ":\($0)" } ?? ""
        return "\(sentProtocol)/\(transport) \(host)\(port)\(parameters)"
    }
}

extension Via {
    package init?(_ text: String) {
        self.init(parsing: Array(text.utf8)[...])
    }

    /// Reads one value, without list commas.
    package init?(parsing value: ArraySlice<UInt8>) {
        var reader = ValueReader(value.trimmed)
        guard let name = reader.token() else { return nil }
        reader.skipWhitespace()
        guard reader.take(.slash) else { return nil }
        reader.skipWhitespace()
        guard let version = reader.token() else { return nil }
        reader.skipWhitespace()
        guard reader.take(.slash) else { return nil }
        reader.skipWhitespace()
        guard let transport = reader.token(), reader.skipWhitespace() else { return nil }
        guard let host = Host(reading: &reader) else { return nil }
        reader.skipWhitespace()
        if reader.peek == .colon {
            // LWS may stand on both sides of the colon (§25.1 COLON).
            reader.skip()
            reader.skipWhitespace()
            guard let value = UInt64(digits: reader.takeWhile(\.isDigit)),
                let port = UInt16(exactly: value)
            else { return nil }
            self.port = port
        }
        guard let parameters = Parameters(reading: &reader) else { return nil }
        sentProtocol =
            name.elementsEqual([0x53, 0x49, 0x50]) && version.elementsEqual([0x32, 0x2e, 0x30])
            ? "SIP/2.0" : "\(name.text)/\(version.text)"
        self.transport = Via.transportName(transport)
        self.host = host
        self.parameters = parameters
    }

    /// In capitals; the usual ones cost no new string.
    private static func transportName(_ octets: ArraySlice<UInt8>) -> String {
        for name in ["UDP", "TCP", "TLS"] where octets.equalsIgnoringCase(name) { return name }
        return octets.text.uppercased()
    }
}
