/// The quality of protection (RFC 7616 §3.3).
package enum DigestQuality: String, Hashable, Sendable {
    case auth
    /// The body is protected as well.
    case authInt = "auth-int"
}
