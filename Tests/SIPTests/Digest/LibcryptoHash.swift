import CCrypto
import SIP

/// The hash functions of Debian's libcrypto, as the product's edge passes them in.
func libcryptoHash(_ algorithm: DigestAlgorithm, _ octets: [UInt8]) -> [UInt8] {
    let function =
        switch algorithm {
        case .md5: EVP_md5()
        case .sha256: EVP_sha256()
        case .sha512t256: EVP_sha512_256()
        }
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    let ok = EVP_Digest(octets, octets.count, &digest, &length, function, nil)
    return ok == 1 ? Array(digest.prefix(Int(length))) : []
}
