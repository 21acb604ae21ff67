internal import CCrypto

/// A private key of OpenSSL's.
///
/// `@unchecked`: `EVP_PKEY` is only read after it was made, which OpenSSL allows several threads at
/// once.
final class PrivateKey: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Parameter pem: PKCS #8, or the older forms; without a passphrase.
    init(pem: [UInt8]) throws(MailError) {
        let key = pem.withUnsafeBytes { octets in
            let source = BIO_new_mem_buf(octets.baseAddress, Int32(clamping: octets.count))
            defer { BIO_free(source) }
            // Without the callback a passphrase would be asked for on the terminal.
            return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let key else {
            throw .key(
                cause: "not a private key in PEM without a passphrase: \(OpenSSLError.take())")
        }
        pointer = key
    }

    deinit { EVP_PKEY_free(pointer) }

    /// RFC 6376 §3.3, RFC 8463 §3; nil when DKIM knows no such key.
    var dkimAlgorithm: String? {
        switch EVP_PKEY_get_id(pointer) {
        case EVP_PKEY_RSA where EVP_PKEY_get_bits(pointer) >= 1024: "rsa-sha256"
        case EVP_PKEY_ED25519: "ed25519-sha256"
        default: nil
        }
    }

    /// RSA signs the text by its SHA-256; Ed25519 takes the SHA-256 as its text (RFC 8463 §3).
    func signDKIM(_ text: [UInt8]) throws(MailError) -> [UInt8] {
        let isRSA = EVP_PKEY_get_id(pointer) == EVP_PKEY_RSA
        let input = isRSA ? text : try Digest.sha256(text)
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: max(64, Int(EVP_PKEY_get_size(pointer))))
        var count = signature.count
        guard
            EVP_DigestSignInit(context, nil, isRSA ? EVP_sha256() : nil, nil, pointer) == 1,
            EVP_DigestSign(context, &signature, &count, input, input.count) == 1
        else { throw .signature(cause: OpenSSLError.take()) }
        return Array(signature.prefix(count))
    }
}
