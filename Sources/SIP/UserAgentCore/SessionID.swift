/// One invite session of a `UserAgentCore`, as the application and the core name it.
///
/// Never used twice in the life of a core.
package struct SessionID: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt64
    package init(value: UInt64) { self.value = value }
    package var description: String { "session-\(value)" }
}
