/// A SIP, SIPS or tel URI, or another absolute one, which is kept as it is (RFC 3261 §19.1, RFC 3966).
///
/// `==` compares components after unescaping, all parameters and headers included, so that it is an
/// equivalence and can be hashed; what the RFC calls equal is `isEquivalent(to:)`, which isn't one.
package struct URI: Sendable, CustomStringConvertible {
    package enum Scheme: Hashable, Sendable {
        case sip, sips, tel
        /// In small letters.
        case other(String)
        /// What should have been a URI and isn't one; only its text is there.
        case malformed

        /// sip or sips.
        package var isSIP: Bool { self == .sip || self == .sips }
    }

    package var scheme: Scheme { didSet { written = nil } }

    /// The user part as written, escapes and all (for tel the number as written); nil when there is
    /// none. Never holds an octet that needs an escape, unless it came so.
    package var escapedUser: String? { didSet { written = nil } }
    package var password: String? { didSet { written = nil } }
    /// Empty for tel, other and malformed ones.
    package var host: Host { didSet { written = nil } }
    package var port: UInt16? { didSet { written = nil } }
    package var parameters: Parameters { didSet { written = nil } }
    /// What follows `?`, as written; nil when there is none.
    package var headers: String? { didSet { written = nil } }
    /// What follows the colon of an `other` URI, all of a malformed one; else empty.
    package var opaque: String { didSet { written = nil } }

    /// What it was parsed from, where the components give another text, and while they are unchanged.
    private var written: String?

    /// A URI of our own; the user part is escaped as needed.
    package init(
        _ scheme: Scheme = .sip, user: String? = nil, host: Host, port: UInt16? = nil,
        parameters: Parameters = Parameters()
    ) {
        self.scheme = scheme
        escapedUser = user.map { URI.escaped($0.utf8) }
        password = nil
        self.host = host
        self.port = port
        self.parameters = parameters
        headers = nil
        opaque = ""
        written = nil
    }

    init(
        scheme: Scheme, escapedUser: String?, password: String?, host: Host, port: UInt16?,
        parameters: Parameters, headers: String?, opaque: String, written: String?
    ) {
        self.scheme = scheme
        self.escapedUser = escapedUser
        self.password = password
        self.host = host
        self.port = port
        self.parameters = parameters
        self.headers = headers
        self.opaque = opaque
        self.written = written
    }

    /// The user part unescaped; where escapes stand for octets that are no UTF-8 they stay.
    package var user: String? {
        get { escapedUser.map(URI.unescaped) }
        set { escapedUser = newValue.map { URI.escaped($0.utf8) } }
    }

    /// `transport` of the parameters, in small letters.
    package var transport: String? { parameters["transport"]?.lowercased() }

    /// A loose router (RFC 3261 §16.12).
    package var isLooseRouter: Bool { parameters.contains("lr") }

    /// The port, or the scheme's own: 5060 or 5061.
    package var effectivePort: UInt16 { port ?? defaultPort }

    private var defaultPort: UInt16 { scheme == .sips ? 5061 : 5060 }

    /// What a registrar knows the user by (RFC 3261 §10.3 (5)): without parameters, headers, password
    /// and the scheme's own port, the user part with just the escapes that it needs. All spellings of
    /// one address-of-record are `==`.
    package var addressOfRecord: URI {
        guard scheme.isSIP else { return self }
        var address = URI(scheme, host: host, port: effectivePort == defaultPort ? nil : port)
        address.escapedUser = escapedUser.map { URI.escaped(URI.unescapedOctets($0)) }
        return address
    }

    /// As parsed, or put together from the components.
    package var description: String {
        if let written { return written }
        switch scheme {
        case .malformed: return opaque
        case .other(let name): return "\(name):\(opaque)"
        case .tel: return "tel:\(escapedUser ?? "")\(parameters)"
        case .sip, .sips:
            var text = scheme == .sip ? "sip:" : "sips:"
            if let escapedUser {
                text += escapedUser
                if let password { text += ":" + password }
                text += "@"
            }
            text += host.description
            if let port { text += ":\(port)" }
            text += parameters.description
            if let headers { text += "?" + headers }
            return text
        }
    }
}

extension URI: Hashable {
    package static func == (a: URI, b: URI) -> Bool { a.key == b.key }

    package func hash(into hasher: inout Hasher) { hasher.combine(key) }

    private struct Key: Hashable {
        var scheme: Scheme
        var user: [UInt8]?
        var password: [UInt8]?
        var host: Host
        var port: UInt16?
        var parameters: [String]
        var rest: String
    }

    private var key: Key {
        Key(
            scheme: scheme,
            user: escapedUser.map {
                scheme == .tel ? Array(TelephoneNumber.plain($0).utf8) : URI.unescapedOctets($0)
            },
            password: password.map(URI.unescapedOctets), host: host, port: port,
            parameters: parameters.all.map {
                $0.name.lowercased() + "="
                    + URI.unescapedOctets(($0.value ?? "").lowercased()).text
            }.sorted(),
            rest: opaque + "?" + (headers ?? ""))
    }
}
