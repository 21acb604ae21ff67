// Typed access: each value is read when it is asked for. A field that must be there is `missing`
// when it isn't; others are nil or empty. Of a field that may be there once the first one counts
// here; that there are more is `Request.defect`'s business.

extension Headers {
    // MARK: What every message has

    /// The topmost Via value.
    package func topVia() throws(HeaderError) -> Via {
        guard let first = try firstElement(of: .via) else { throw HeaderError(.missing, .via) }
        guard let via = Via(parsing: first) else { throw HeaderError(.malformed, .via) }
        return via
    }

    /// All Via values, topmost first.
    package var vias: [Via] {
        get throws(HeaderError) {
            var vias: [Via] = []
            try forEachElement(of: .via) { (element) throws(HeaderError) in
                guard let via = Via(parsing: element) else { throw HeaderError(.malformed, .via) }
                vias.append(via)
            }
            return vias
        }
    }

    package var from: NameAddress {
        get throws(HeaderError) { try required(address(.from), .from) }
    }

    package var to: NameAddress {
        get throws(HeaderError) { try required(address(.to), .to) }
    }

    /// As written; nil when missing or empty.
    package var callID: String? {
        guard let value = octets(first: .callID), !value.isEmpty else { return nil }
        return value.text
    }

    package var cseq: CSeq {
        get throws(HeaderError) {
            guard let value = octets(first: .cseq) else { throw HeaderError(.missing, .cseq) }
            return try CSeq(parsing: value)
        }
    }

    /// 0 to 255; nil when absent.
    package var maxForwards: Int? {
        get throws(HeaderError) { try number(.maxForwards, upTo: 255).map { Int($0) } }
    }

    // MARK: Routing

    /// All Contact values. `*` beside another value is malformed.
    package var contacts: Contacts {
        get throws(HeaderError) {
            var contacts: [Contact] = []
            var isAll = false
            try forEachElement(of: .contact) { (element) throws(HeaderError) in
                let isStar = element.count == 1 && element.first == UInt8(ascii: "*")
                guard !isAll, !(isStar && !contacts.isEmpty) else {
                    throw HeaderError(.malformed, .contact)
                }
                guard !isStar else {
                    isAll = true
                    return
                }
                guard let address = NameAddress(parsing: element) else {
                    throw HeaderError(.malformed, .contact)
                }
                contacts.append(Contact(address))
            }
            if isAll { return .all }
            return .list(contacts)
        }
    }

    /// The first Contact; nil when there is none, or `*`.
    package var firstContact: Contact? {
        get throws(HeaderError) { try contacts.list.first }
    }

    package var routes: [NameAddress] { get throws(HeaderError) { try addresses(.route) } }
    package var recordRoutes: [NameAddress] {
        get throws(HeaderError) { try addresses(.recordRoute) }
    }

    // MARK: Capabilities

    /// Option tags or methods as written, in order; empty when absent.
    package func tokens(_ name: HeaderName) throws(HeaderError) -> [String] {
        var tokens: [String] = []
        try forEachElement(of: name) { (element) throws(HeaderError) in
            guard element.allSatisfy(\.isToken) else { throw HeaderError(.malformed, name) }
            tokens.append(element.text)
        }
        return tokens
    }

    package var require: [String] { get throws(HeaderError) { try tokens(.require) } }
    package var proxyRequire: [String] { get throws(HeaderError) { try tokens(.proxyRequire) } }
    package var supported: [String] { get throws(HeaderError) { try tokens(.supported) } }
    package var unsupported: [String] { get throws(HeaderError) { try tokens(.unsupported) } }
    package var allow: [Method] {
        get throws(HeaderError) { try tokens(.allow).map { Method($0) } }
    }
    package var allowEvents: [String] { get throws(HeaderError) { try tokens(.allowEvents) } }

    /// Whether an option tag is in a field, without regard to case; a malformed field has none.
    package func has(_ option: String, in name: HeaderName) -> Bool {
        guard let tokens = try? tokens(name) else { return false }
        return tokens.contains { $0.utf8.equalsIgnoringCase(option) }
    }

    /// Media ranges with their parameters; nil when there is no Accept at all, empty when it accepts
    /// nothing (RFC 3261 §20.1).
    package var accept: [TokenWithParameters]? {
        get throws(HeaderError) {
            contains(.accept) ? try tokensWithParameters(.accept) : nil
        }
    }

    // MARK: Bodies

    package var contentType: TokenWithParameters? {
        get throws(HeaderError) {
            guard let type = try tokenWithParameters(.contentType) else { return nil }
            guard type.value.utf8.contains(.slash) else {
                throw HeaderError(.malformed, .contentType)
            }
            return type
        }
    }
    package var contentDisposition: TokenWithParameters? {
        get throws(HeaderError) { try tokenWithParameters(.contentDisposition) }
    }
    /// Octets.
    package var contentLength: Int? {
        get throws(HeaderError) {
            try number(.contentLength, upTo: UInt64(UInt32.max)).map { Int(truncatingIfNeeded: $0) }
        }
    }
    package var contentEncodings: [String] {
        get throws(HeaderError) { try tokens(.contentEncoding) }
    }

    // MARK: Times

    /// Seconds.
    package var expires: UInt32? { get throws(HeaderError) { try seconds(.expires) } }
    package var minExpires: UInt32? { get throws(HeaderError) { try seconds(.minExpires) } }
    package var sessionExpires: SessionExpires? {
        get throws(HeaderError) {
            guard let (interval, parameters) = try secondsWithParameters(.sessionExpires) else {
                return nil
            }
            return SessionExpires(
                interval,
                refresher: parameters["refresher"].flatMap { .init(rawValue: $0.lowercased()) })
        }
    }
    package var minSE: UInt32? {
        get throws(HeaderError) { try secondsWithParameters(.minSE)?.0 }
    }
    package var retryAfter: RetryAfter? {
        get throws(HeaderError) {
            guard let value = octets(first: .retryAfter) else { return nil }
            // A comment may follow the number (§20.33).
            let (interval, parameters) = try Headers.secondsWithParameters(
                Headers.withoutComments(value), .retryAfter)
            return RetryAfter(interval, duration: parameters["duration"].flatMap { UInt32($0) })
        }
    }

    /// nil also when it is in another form or zone: a bad Date is no reason to refuse a message.
    package var date: SIPDate? { self[first: .date].flatMap { SIPDate($0) } }

    // MARK: Reliable provisional responses

    package var rack: RAck? {
        get throws(HeaderError) {
            guard let value = octets(first: .rack) else { return nil }
            return try RAck(parsing: value)
        }
    }
    /// 1 to 2^31-1 (RFC 3262 §7.1).
    package var rseq: UInt32? {
        get throws(HeaderError) {
            guard let value = try number(.rseq, upTo: 1 << 31 - 1) else { return nil }
            guard value > 0 else { throw HeaderError(.outOfRange, .rseq) }
            return UInt32(truncatingIfNeeded: value)
        }
    }

    // MARK: Who and why

    /// Newest first (RFC 5806).
    package var diversions: [NameAddress] { get throws(HeaderError) { try addresses(.diversion) } }
    package var historyInfo: [NameAddress] {
        get throws(HeaderError) { try addresses(.historyInfo) }
    }
    package var pAssertedIdentities: [NameAddress] {
        get throws(HeaderError) { try addresses(.pAssertedIdentity) }
    }
    package var pPreferredIdentities: [NameAddress] {
        get throws(HeaderError) { try addresses(.pPreferredIdentity) }
    }
    package var referTo: NameAddress? { get throws(HeaderError) { try address(.referTo) } }
    package var referredBy: NameAddress? { get throws(HeaderError) { try address(.referredBy) } }
    package var replyTo: NameAddress? { get throws(HeaderError) { try address(.replyTo) } }
    package var replaces: Replaces? {
        get throws(HeaderError) {
            guard let value = octets(first: .replaces) else { return nil }
            guard let replaces = Replaces(parsing: value) else {
                throw HeaderError(.malformed, .replaces)
            }
            return replaces
        }
    }
    /// `SIP ;cause=200;text="…"` (RFC 3326).
    package var reasons: [TokenWithParameters] {
        get throws(HeaderError) { try tokensWithParameters(.reason) }
    }
    package var event: TokenWithParameters? {
        get throws(HeaderError) { try tokenWithParameters(.event) }
    }
    package var warnings: [Warning] {
        get throws(HeaderError) {
            try lists(of: .warning).map { (element) throws(HeaderError) -> Warning in
                guard let warning = Warning(parsing: element) else {
                    throw HeaderError(.malformed, .warning)
                }
                return warning
            }
        }
    }

    // MARK: Authentication

    /// Credentials of Authorization or Proxy-Authorization.
    package func credentials(_ name: HeaderName) throws(HeaderError) -> [AuthenticationValue] {
        try authentication(name)
    }

    /// Challenges of WWW-Authenticate or Proxy-Authenticate.
    package func challenges(_ name: HeaderName) throws(HeaderError) -> [AuthenticationValue] {
        try authentication(name)
    }

    private func authentication(_ name: HeaderName) throws(HeaderError) -> [AuthenticationValue] {
        var values: [AuthenticationValue] = []
        for value in self.values(name) {
            guard let list = AuthenticationValue.list(parsing: value) else {
                throw HeaderError(.malformed, name)
            }
            values += list
        }
        return values
    }
}

// MARK: - Shapes

extension Headers {
    /// A single address; nil when absent.
    package func address(_ name: HeaderName) throws(HeaderError) -> NameAddress? {
        guard let value = octets(first: name) else { return nil }
        guard let address = NameAddress(parsing: value) else { throw HeaderError(.malformed, name) }
        return address
    }

    /// All addresses of a list, in order.
    package func addresses(_ name: HeaderName) throws(HeaderError) -> [NameAddress] {
        var addresses: [NameAddress] = []
        try forEachElement(of: name) { (element) throws(HeaderError) in
            guard let address = NameAddress(parsing: element) else {
                throw HeaderError(.malformed, name)
            }
            addresses.append(address)
        }
        return addresses
    }

    package func tokenWithParameters(
        _ name: HeaderName
    ) throws(HeaderError) -> TokenWithParameters? {
        guard let value = octets(first: name) else { return nil }
        guard let token = TokenWithParameters(parsing: value) else {
            throw HeaderError(.malformed, name)
        }
        return token
    }

    package func tokensWithParameters(
        _ name: HeaderName
    ) throws(HeaderError) -> [TokenWithParameters] {
        try lists(of: name).map { (element) throws(HeaderError) -> TokenWithParameters in
            guard let token = TokenWithParameters(parsing: element) else {
                throw HeaderError(.malformed, name)
            }
            return token
        }
    }

    /// A number alone; nil when absent.
    package func number(_ name: HeaderName, upTo limit: UInt64) throws(HeaderError) -> UInt64? {
        guard let value = octets(first: name) else { return nil }
        guard !value.isEmpty, value.allSatisfy(\.isDigit) else {
            throw HeaderError(.malformed, name)
        }
        guard let number = UInt64(digits: value), number <= limit else {
            throw HeaderError(.outOfRange, name)
        }
        return number
    }

    private func seconds(_ name: HeaderName) throws(HeaderError) -> UInt32? {
        try number(name, upTo: UInt64(UInt32.max)).map { UInt32(truncatingIfNeeded: $0) }
    }

    private func secondsWithParameters(
        _ name: HeaderName
    ) throws(HeaderError) -> (UInt32, Parameters)? {
        guard let value = octets(first: name) else { return nil }
        return try Headers.secondsWithParameters(value, name)
    }

    private static func secondsWithParameters(
        _ value: ArraySlice<UInt8>, _ name: HeaderName
    ) throws(HeaderError) -> (UInt32, Parameters) {
        var reader = ValueReader(value)
        let digits = reader.takeWhile(\.isDigit)
        guard !digits.isEmpty, let parameters = Parameters(reading: &reader) else {
            throw HeaderError(.malformed, name)
        }
        guard let seconds = UInt64(digits: digits), seconds <= UInt32.max else {
            throw HeaderError(.outOfRange, name)
        }
        return (UInt32(truncatingIfNeeded: seconds), parameters)
    }

    /// Without `(…)`, which may nest.
    private static func withoutComments(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard value.contains(0x28) else { return value }
        var plain: [UInt8] = []
        var depth = 0
        for octet in value {
            switch octet {
            case 0x28: depth += 1
            case 0x29 where depth > 0: depth -= 1
            default: if depth == 0 { plain.append(octet) }
            }
        }
        return plain.trimmed
    }

    private func required<T>(_ value: T?, _ name: HeaderName) throws(HeaderError) -> T {
        guard let value else { throw HeaderError(.missing, name) }
        return value
    }
}
