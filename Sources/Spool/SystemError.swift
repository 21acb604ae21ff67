import Glibc

/// A system call that failed on a file.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    package var call: String
    package var path: String
    package var errno: Int32

    package init(call: String, path: String, errno: Int32) {
        self.call = call
        self.path = path
        self.errno = errno
    }

    /// The kernel's words for it.
    package var text: String { String(cString: strerror(errno)) }
    package var description: String { "\(call) \(path): \(text)" }
}

/// Makes a call that gives -1 and errno on failure, again when a signal cut it short.
@discardableResult
package func system<Result: SignedInteger>(
    _ call: String, _ path: String, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        if errno != EINTR { throw SystemError(call: call, path: path, errno: errno) }
    }
}
