/// A request that waits for the application's answer, or one of ours that waits for the peer's.
///
/// Never used twice in the life of a core.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt64
    package init(value: UInt64) { self.value = value }
    package var description: String { "request-\(value)" }
}
