import Glibc

/// A system call that failed.
struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    var call: String
    var errno: Int32

    /// The kernel's words for it.
    var text: String { String(cString: strerror(errno)) }
    var description: String { "\(call): \(text)" }
}

/// Makes a call that gives -1 and errno on failure, again when a signal cut it short.
func system<Result: SignedInteger>(
    _ call: String, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        if errno != EINTR { throw SystemError(call: call, errno: errno) }
    }
}
