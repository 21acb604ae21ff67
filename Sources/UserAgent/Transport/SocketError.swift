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

    package var description: String {
        let text = "\(operation): \(String(cString: strerror(code)))"
        // What keeps a daemon from starting beside another SIP server.
        return code == EADDRINUSE
            ? text + "; another program listens there, `ss -lnp` names it: end one or move one"
            : text
    }
}
