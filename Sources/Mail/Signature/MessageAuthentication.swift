internal import CCrypto

/// HMAC-SHA256 (RFC 2104).
package enum MessageAuthentication {
    /// 32 octets.
    package static func code(_ octets: [UInt8], key: [UInt8]) throws(MailError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var count = 0
        guard
            EVP_Q_mac(
                nil, "HMAC", nil, "SHA256", nil, key, key.count, octets, octets.count, &code,
                code.count, &count) != nil, count == code.count
        else { throw .signature(cause: OpenSSLError.take()) }
        return code
    }

    /// Compares in a time that tells nothing of where the two differ.
    package static func isSame(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
