import Glibc

/// The text of an `errno` value.
enum SystemError {
    static func text(_ code: Int32) -> String {
        // Debian's glibc gives each thread a buffer of its own.
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
