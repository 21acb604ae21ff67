/// What proves who the user is.
package enum DigestSecret: Hashable, Sendable {
    case password(String)
    /// `HA1`: the hash of `user:realm:password` in small hexadecimal letters, for one realm and one
    /// algorithm, so that a directory need not hold passwords.
    case hashed(String)

    package static func hashing(
        user: String, realm: String, password: String, algorithm: DigestAlgorithm,
        hash: DigestHash
    ) -> DigestSecret {
        .hashed(DigestCredentials.hexadecimal("\(user):\(realm):\(password)", algorithm, hash))
    }
}
