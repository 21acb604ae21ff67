internal import CCrypto

/// Signs mails with a certificate (S/MIME, RFC 8551): `multipart/signed` with a detached signature.
///
/// Mail programs compare the certificate's address with From: it must be one for
/// ``MailSettings/from``.
package final class SMIMESigner: @unchecked Sendable {  // OpenSSL's objects are only read
    private let key: PrivateKey
    private let certificate: OpaquePointer
    /// The certificates above it, which readers need too.
    private let chain: OpaquePointer?

    /// - Parameters:
    ///   - certificates: PEM; the signer's own first, then those above it.
    ///   - key: PEM, of the first certificate.
    package init(certificates: [UInt8], key: [UInt8]) throws(MailError) {
        self.key = try PrivateKey(pem: key)
        let chain = ccrypto_x509_stack()
        var own: OpaquePointer?
        certificates.withUnsafeBytes { octets in
            let source = BIO_new_mem_buf(octets.baseAddress, Int32(clamping: octets.count))
            defer { BIO_free(source) }
            while let next = PEM_read_bio_X509(source, nil, nil, nil) {
                if own == nil { own = next } else { _ = ccrypto_x509_push(chain, next) }
            }
        }
        self.chain = chain
        guard let own else {
            ccrypto_x509_free(chain)
            throw .key(cause: "no certificate in PEM: \(OpenSSLError.take())")
        }
        // The end of the file is an error to OpenSSL.
        ERR_clear_error()
        certificate = own
        guard X509_check_private_key(certificate, self.key.pointer) == 1 else {
            throw .key(cause: "the key is not that of the certificate: \(OpenSSLError.take())")
        }
    }

    deinit {
        X509_free(certificate)
        ccrypto_x509_free(chain)
    }

    /// The part and its signature.
    func sign(_ part: MIMEPart, boundary: String) throws(MailError) -> MIMEPart {
        var octets: [UInt8] = []
        part.write(to: &octets)
        let signature = try sign(octets)
        return .multipart(
            "signed",
            [
                part,
                .file(
                    signature, type: "application/pkcs7-signature", name: "smime.p7s"),
            ], boundary: boundary,
            parameters: [("protocol", "application/pkcs7-signature"), ("micalg", "sha-256")])
    }

    private func sign(_ octets: [UInt8]) throws(MailError) -> [UInt8] {
        let flags = UInt32(CMS_DETACHED | CMS_BINARY | CMS_PARTIAL)
        let source = octets.withUnsafeBytes {
            let source = BIO_new(BIO_s_mem())
            BIO_write(source, $0.baseAddress, Int32(clamping: $0.count))
            return source
        }
        let output = BIO_new(BIO_s_mem())
        let message = CMS_sign(nil, nil, chain, nil, flags)
        defer {
            BIO_free(source)
            BIO_free(output)
            CMS_ContentInfo_free(message)
        }
        guard let message,
            CMS_add1_signer(message, certificate, key.pointer, EVP_sha256(), flags) != nil,
            CMS_final(message, source, nil, flags) == 1, i2d_CMS_bio(output, message) == 1
        else { throw .signature(cause: OpenSSLError.take()) }
        var data: UnsafeMutablePointer<CChar>?
        let count = ccrypto_bio_data(output, &data)
        guard let data, count > 0 else { throw .signature(cause: OpenSSLError.take()) }
        return Array(UnsafeRawBufferPointer(start: data, count: count))
    }
}
