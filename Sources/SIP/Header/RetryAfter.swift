/// When to try again (RFC 3261 §20.33).
package struct RetryAfter: Hashable, Sendable, CustomStringConvertible {
    /// Seconds from now.
    package var delay: UInt32
    /// How long the callee will then be there, in seconds.
    package var duration: UInt32?

    package init(_ delay: UInt32, duration: UInt32? = nil) {
        self.delay = delay
        self.duration = duration
    }

    package var description: String { "\(delay)" + (duration.map { ";duration=\($0)" } ?? "") }
}
