/// The value of WWW-Authenticate or Proxy-Authenticate (RFC 7616 §3.3, RFC 3261 §22, RFC 8760).
package struct DigestChallenge: Hashable, Sendable {
    package var realm: String
    package var nonce: String
    package var algorithm: DigestAlgorithm
    /// `-sess`: the secret is bound to this nonce and the client's first cnonce.
    package var isSession: Bool
    /// What the server takes, of what is known here; empty: it knows none (RFC 2069).
    package var qualities: [DigestQuality]
    package var opaque: String?
    package var domain: String?
    /// The nonce was old, the password right: try again without asking anyone.
    package var isStale: Bool
    /// The server takes a hash in place of the user's name.
    package var takesUserHash: Bool

    package init(
        realm: String, nonce: String, algorithm: DigestAlgorithm = .sha256,
        isSession: Bool = false, qualities: [DigestQuality] = [.auth], opaque: String? = nil,
        domain: String? = nil, isStale: Bool = false, takesUserHash: Bool = false
    ) {
        self.realm = realm
        self.nonce = nonce
        self.algorithm = algorithm
        self.isSession = isSession
        self.qualities = qualities
        self.opaque = opaque
        self.domain = domain
        self.isStale = isStale
        self.takesUserHash = takesUserHash
    }

    /// - Throws: `unknownAlgorithm` for a challenge to be passed over for the next one.
    package init(_ value: AuthenticationValue) throws(DigestError) {
        let fields = try DigestFields(value)
        realm = try fields.required("realm")
        nonce = try fields.required("nonce")
        (algorithm, isSession) = try fields.algorithm()
        qualities = []
        if let qop = fields["qop"] {
            let offered = qop.split { $0 == "," || $0 == " " || $0 == "\t" }
            qualities = offered.compactMap { DigestQuality(rawValue: $0.lowercased()) }
            // A server that names only qualities from the future can't be answered.
            guard !qualities.isEmpty || offered.isEmpty else { throw .malformed }
        }
        opaque = fields["opaque"]
        domain = fields["domain"]
        isStale = fields.flag("stale")
        takesUserHash = fields.flag("userhash")
    }
}

extension AuthenticationValue {
    package init(_ challenge: DigestChallenge) {
        self.init("Digest")
        parameters.append("realm", Parameters.quoted(challenge.realm))
        parameters.append("nonce", Parameters.quoted(challenge.nonce))
        if let domain = challenge.domain { parameters.append("domain", Parameters.quoted(domain)) }
        if let opaque = challenge.opaque { parameters.append("opaque", Parameters.quoted(opaque)) }
        if challenge.isStale { parameters.append("stale", "true") }
        parameters.append(
            "algorithm", challenge.algorithm.name + (challenge.isSession ? "-sess" : ""))
        if !challenge.qualities.isEmpty {
            let qop = challenge.qualities.map(\.rawValue).joined(separator: ",")
            parameters.append("qop", Parameters.quoted(qop))
        }
        if challenge.takesUserHash { parameters.append("userhash", "true") }
    }
}
