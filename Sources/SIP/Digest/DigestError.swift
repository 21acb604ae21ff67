/// Why a challenge or credentials can't be read. The answer to each is a fresh challenge, never a
/// guess (RFC 4475 §3.3.7).
package enum DigestError: Error, Hashable, Sendable {
    /// Another scheme than Digest, such as Basic.
    case otherScheme
    case malformed
    case missing(String)
    /// To be passed over for the next challenge (RFC 8760 §2.4).
    case unknownAlgorithm(String)
}
