internal import CCrypto

/// What proves a user by digest authentication without the password: `HA1` of RFC 7616 §3.4.2 for
/// one realm, by the algorithms that SIP phones offer (RFC 8760).
///
/// Whoever reads them can register as the user in that realm, but has no password to try elsewhere.
package struct StoredCredentials: Hashable, Sendable {
    /// The SIP domain that the hashes hold for.
    package var realm: String
    /// 32 small hexadecimal digits; nil: the user is never asked for MD5.
    package var md5: String?
    /// 64 small hexadecimal digits.
    package var sha256: String?

    package init(realm: String, md5: String? = nil, sha256: String? = nil) {
        self.realm = realm
        self.md5 = md5
        self.sha256 = sha256
    }

    /// The hashes of a password. The user name goes in as it is written, so a phone has to send it
    /// with the same capitals.
    package init(user: String, realm: String, password: String) {
        let text = "\(user):\(realm):\(password)"
        self.init(
            realm: realm, md5: StoredCredentials.hexadecimal(text, EVP_md5()),
            sha256: StoredCredentials.hexadecimal(text, EVP_sha256()))
    }

    private static func hexadecimal(_ text: String, _ method: OpaquePointer?) -> String? {
        let octets = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        // Fails only where libcrypto forbids the hash (MD5 in FIPS mode).
        guard EVP_Digest(octets, octets.count, &digest, &length, method, nil) == 1 else {
            return nil
        }
        return digest.prefix(Int(length)).map { octet in
            let digits = String(octet, radix: 16)
            return octet < 16 ? "0" + digits : digits
        }.joined()
    }
}
