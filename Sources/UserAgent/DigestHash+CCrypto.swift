import CCrypto
package import SIP

/// The hashes of digest authentication, from libcrypto.
package func digestHash(_ algorithm: DigestAlgorithm, _ octets: [UInt8]) -> [UInt8] {
    let method =
        switch algorithm {
        case .md5: EVP_md5()
        case .sha256: EVP_sha256()
        case .sha512t256: EVP_sha512_256()
        }
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    // Fails only where libcrypto forbids the hash (MD5 in FIPS mode): then no credentials match.
    guard EVP_Digest(octets, octets.count, &digest, &length, method, nil) == 1 else { return [] }
    return Array(digest.prefix(Int(length)))
}
