/// The value of Authorization or Proxy-Authorization (RFC 7616 §3.4, RFC 3261 §22, RFC 8760).
package struct DigestCredentials: Hashable, Sendable {
    /// The user's name, or its hash if `hasUserHash`.
    package var username: String
    package var hasUserHash: Bool
    package var realm: String
    package var nonce: String
    /// The Request-URI as the client saw it; a proxy may have changed it since (RFC 3261 §22.4).
    package var uri: String
    /// Small hexadecimal letters.
    package var response: String
    package var algorithm: DigestAlgorithm
    package var isSession: Bool
    /// Nil: as in RFC 2069, without `cnonce` and `nonceCount`.
    package var quality: DigestQuality?
    package var cnonce: String?
    /// How often the client has used this nonce, from 1.
    package var nonceCount: UInt32?
    package var opaque: String?

    /// Answers a challenge.
    ///
    /// - Parameters:
    ///   - body: what auth-int protects; auth is taken wherever it is offered.
    ///   - user: the name in clear.
    ///   - cnonce: fresh and unpredictable.
    ///   - nonceCount: from 1, and one more at each use of the same nonce.
    package init(
        answering challenge: DigestChallenge, method: Method, uri: String, body: [UInt8] = [],
        user: String, secret: DigestSecret, cnonce: String, nonceCount: UInt32 = 1,
        hash: DigestHash
    ) {
        hasUserHash = challenge.takesUserHash
        username =
            challenge.takesUserHash
            ? Self.hexadecimal("\(user):\(challenge.realm)", challenge.algorithm, hash) : user
        realm = challenge.realm
        nonce = challenge.nonce
        self.uri = uri
        response = ""
        algorithm = challenge.algorithm
        isSession = challenge.isSession
        quality = challenge.qualities.contains(.auth) ? .auth : challenge.qualities.first
        // A session's secret holds the cnonce even where the server knows no quality.
        self.cnonce = quality != nil || isSession ? cnonce : nil
        self.nonceCount = quality != nil ? nonceCount : nil
        opaque = challenge.opaque
        response = expectedResponse(
            user: user, secret: secret, method: method, body: body, hash: hash)
    }

    /// Whether these credentials were made with this user's secret for this method and body.
    ///
    /// Nonce, nonce count, realm, and whether `uri` fits the Request-URI are the caller's to judge.
    /// - Parameter user: the name in clear, as the directory has it.
    package func isProof(
        of user: String, secret: DigestSecret, method: Method, body: [UInt8], hash: DigestHash
    ) -> Bool {
        let expected = expectedResponse(
            user: user, secret: secret, method: method, body: body, hash: hash)
        // In a time that does not tell how much of it was right.
        let a = Array(expected.utf8)
        let b = Array(response.lowercased().utf8)
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private func expectedResponse(
        user: String, secret: DigestSecret, method: Method, body: [UInt8], hash: DigestHash
    ) -> String {
        func h(_ text: String) -> String { Self.hexadecimal(text, algorithm, hash) }
        var ha1: String =
            switch secret {
            case .password(let password): h("\(user):\(realm):\(password)")
            case .hashed(let hashed): hashed.lowercased()
            }
        if isSession { ha1 = h("\(ha1):\(nonce):\(cnonce ?? "")") }
        var a2 = "\(method.name):\(uri)"
        if quality == .authInt { a2 += ":" + Self.hexadecimal(of: hash(algorithm, body)) }
        guard let quality else { return h("\(ha1):\(nonce):\(h(a2))") }
        return h(
            "\(ha1):\(nonce):\(Self.eightDigits(nonceCount ?? 0)):\(cnonce ?? "")"
                + ":\(quality.rawValue):\(h(a2))")
    }

    static func hexadecimal(
        _ text: String, _ algorithm: DigestAlgorithm, _ hash: DigestHash
    ) -> String {
        hexadecimal(of: hash(algorithm, Array(text.utf8)))
    }

    private static func hexadecimal(of octets: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }.text
    }

    static func eightDigits(_ n: UInt32) -> String {
        let digits = String(n, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}

extension DigestCredentials {
    package init(_ value: AuthenticationValue) throws(DigestError) {
        let fields = try DigestFields(value)
        username = try fields.required("username")
        hasUserHash = fields.flag("userhash")
        realm = try fields.required("realm")
        nonce = try fields.required("nonce")
        uri = try fields.required("uri")
        response = try fields.required("response")
        (algorithm, isSession) = try fields.algorithm()
        cnonce = fields["cnonce"]
        opaque = fields["opaque"]
        if let qop = fields["qop"] {
            guard let known = DigestQuality(rawValue: qop.lowercased()) else { throw .malformed }
            quality = known
            guard cnonce != nil else { throw .missing("cnonce") }
            let nc = try fields.required("nc")
            // Exactly eight digits are hashed, so no other spelling can be right.
            guard nc.utf8.count == 8, nc.utf8.allSatisfy({ $0.hexadecimal != nil }),
                let count = UInt32(nc, radix: 16)
            else { throw .malformed }
            nonceCount = count
        }
    }
}

extension AuthenticationValue {
    package init(_ credentials: DigestCredentials) {
        self.init("Digest")
        parameters.append("username", Parameters.quoted(credentials.username))
        parameters.append("realm", Parameters.quoted(credentials.realm))
        parameters.append("nonce", Parameters.quoted(credentials.nonce))
        parameters.append("uri", Parameters.quoted(credentials.uri))
        parameters.append("response", Parameters.quoted(credentials.response))
        parameters.append(
            "algorithm", credentials.algorithm.name + (credentials.isSession ? "-sess" : ""))
        if let cnonce = credentials.cnonce {
            parameters.append("cnonce", Parameters.quoted(cnonce))
        }
        if let opaque = credentials.opaque {
            parameters.append("opaque", Parameters.quoted(opaque))
        }
        if let quality = credentials.quality { parameters.append("qop", quality.rawValue) }
        if let count = credentials.nonceCount {
            parameters.append("nc", DigestCredentials.eightDigits(count))
        }
        if credentials.hasUserHash { parameters.append("userhash", "true") }
    }
}
