internal import CCrypto
internal import FoundationEssentials

enum Digest {
    static func sha256(_ octets: [UInt8]) throws(MailError) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: 32)
        var count = 0
        guard EVP_Q_digest(nil, "SHA256", nil, octets, octets.count, &hash, &count) == 1 else {
            throw .signature(cause: OpenSSLError.take())
        }
        return hash
    }

    static func base64(_ octets: [UInt8]) -> String { Data(octets).base64EncodedString() }
}
