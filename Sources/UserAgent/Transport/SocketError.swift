import Glibc

/// A system call on a socket failed.
package struct SocketError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, for people: `bind 192.0.2.1:5060`.
    package let operation: String
    package let code: CInt

    package init(_ operation: String, code: CInt) {
        self.operation = operation
        self.code = code
    }

    package var description: String { "\(operation): \(String(cString: strerror(code)))" }
}
