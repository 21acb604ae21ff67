/// A request method: a case-sensitive token (RFC 3261 §7.1).
package struct Method: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let name: String

    @inlinable
    package init(_ name: String) { self.name = name }

    @inlinable
    package init(stringLiteral name: String) { self.name = name }

    package var description: String { name }

    @inlinable package static var invite: Method { "INVITE" }
    @inlinable package static var ack: Method { "ACK" }
    @inlinable package static var bye: Method { "BYE" }
    @inlinable package static var cancel: Method { "CANCEL" }
    @inlinable package static var options: Method { "OPTIONS" }
    @inlinable package static var register: Method { "REGISTER" }
    @inlinable package static var prack: Method { "PRACK" }
    @inlinable package static var update: Method { "UPDATE" }
    @inlinable package static var info: Method { "INFO" }
    @inlinable package static var subscribe: Method { "SUBSCRIBE" }
    @inlinable package static var notify: Method { "NOTIFY" }
    @inlinable package static var publish: Method { "PUBLISH" }
    @inlinable package static var refer: Method { "REFER" }
    @inlinable package static var message: Method { "MESSAGE" }
}
