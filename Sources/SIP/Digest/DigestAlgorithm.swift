/// The hash functions of digest authentication in SIP (RFC 8760 §2.1).
package enum DigestAlgorithm: Hashable, Sendable, CaseIterable {
    case md5, sha256, sha512t256

    /// As in `algorithm=`, without `-sess`.
    package var name: String {
        switch self {
        case .md5: "MD5"
        case .sha256: "SHA-256"
        case .sha512t256: "SHA-512-256"
        }
    }

    /// Octets in a hash.
    package var length: Int { self == .md5 ? 16 : 32 }

    /// - Returns: nil for one that isn't known; names compare without regard to case.
    package init?(name: some StringProtocol) {
        let name = name.uppercased()
        guard let known = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = known
    }
}

/// Hashes octets; SHA-512-256 is SHA-512/256 of FIPS 180-4, not a cut SHA-512.
///
/// The caller brings it from a library that is well kept (libcrypto): this module has none.
package typealias DigestHash = (DigestAlgorithm, [UInt8]) -> [UInt8]
