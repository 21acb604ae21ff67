/// BYE (RFC 3550 §6.6).
package struct Goodbye: Equatable, Sendable {
    /// The sources that leave, 31 at most.
    package var sources: [UInt32]
    package var reason: String?

    package init(sources: [UInt32], reason: String? = nil) {
        self.sources = sources
        self.reason = reason
    }
}
