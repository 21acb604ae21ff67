extension Request {
    /// What the RFC answers to this request for its form alone; nil when it is well-formed.
    ///
    /// RFC 3261 §8.1.1 (what must be there), §8.2.2.1 (416), §16.3, §18.3, §20, §21.4.1. What depends
    /// on the element's role or state (420, 415, 482, 483) isn't asked here. An ACK is never answered:
    /// the caller drops one that has a defect.
    ///
    /// - Parameter schemes: Request-URI schemes that this element serves; others get 416.
    package func defect(
        schemes: Set<URI.Scheme> = [.sip, .sips, .tel], limits: MessageLimits = .default
    ) -> Rejection? {
        // What another version means by anything below is unknown.
        guard isVersion2 else { return Rejection(.versionNotSupported) }
        if let fault { return bad(fault.phrase) }
        do {
            if let rejection = try requestURIDefect(schemes, limits) { return rejection }
            return try headerDefect(limits)
        } catch {
            return bad(error.description)
        }
    }

    private func bad(_ reason: String) -> Rejection { Rejection(.badRequest, reason: reason) }

    private func requestURIDefect(
        _ schemes: Set<URI.Scheme>, _ limits: MessageLimits
    ) throws(HeaderError) -> Rejection? {
        guard requestURILength <= limits.requestURILength else {
            return Rejection(.requestURITooLong)
        }
        let uri = requestURI
        guard uri.scheme != .malformed else { return bad("Malformed Request-URI") }
        guard schemes.contains(uri.scheme) else { return Rejection(.unsupportedURIScheme) }
        // RFC 3261 §19.1.1, table 1: header fields aren't allowed here.
        guard uri.headers == nil else { return bad("Header Fields in Request-URI") }
        return nil
    }

    private func headerDefect(_ limits: MessageLimits) throws(HeaderError) -> Rejection? {
        if let repeated = repeatedField { return bad("Repeated \(repeated.text)") }
        var vias = 0
        try headers.forEachElement(of: .via) { (_) throws(HeaderError) in vias += 1 }
        guard vias <= limits.listLength else { return bad("Too Many Via Values") }
        _ = try headers.topVia()
        let from = try headers.from
        let to = try headers.to
        guard let callID = headers.octets(first: .callID) else {
            throw HeaderError(.missing, .callID)
        }
        guard !callID.isEmpty, !callID.contains(where: \.isLinearWhitespace) else {
            throw HeaderError(.malformed, .callID)
        }
        let cseq = try headers.cseq
        guard cseq.method == method else { return bad("CSeq Method Differs From Request-Line") }
        _ = try headers.maxForwards
        _ = try headers.expires
        _ = try headers.contentType
        _ = try headers.contentLength
        let contacts = try headers.contacts
        guard contacts.list.count <= limits.listLength else { return bad("Too Many Contacts") }
        guard try headers.routes.count <= limits.listLength,
            try headers.recordRoutes.count <= limits.listLength
        else { return bad("Too Many Routes") }
        _ = try headers.require
        _ = try headers.proxyRequire
        if method == .register {
            // RFC 3261 §10.2: the address-of-record is a SIP URI, and so is what a registrar binds
            // here.
            guard to.uri.scheme.isSIP || to.uri.scheme == .tel else {
                return bad("To Is No SIP URI")
            }
            guard from.uri.scheme.isSIP || from.uri.scheme == .tel else {
                return bad("From Is No SIP URI")
            }
        } else if contacts == .all {
            return bad("Contact * Outside REGISTER")
        }
        return nil
    }

    /// A field that may be there once and is there twice.
    private var repeatedField: KnownHeader? {
        var seen: (UInt64, UInt64) = (0, 0)
        for field in headers.fields where field.known.isSingle {
            let number = UInt64(field.known.rawValue)
            let bit: UInt64 = 1 << (number & 63)
            if number < 64 {
                if seen.0 & bit != 0 { return field.known }
                seen.0 |= bit
            } else {
                if seen.1 & bit != 0 { return field.known }
                seen.1 |= bit
            }
        }
        return nil
    }
}
