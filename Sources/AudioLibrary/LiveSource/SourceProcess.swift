import CLinux
import Glibc

/// The command of a live source while it runs: a shell in a process group of its own.
///
/// The group is ended with it, so that nothing which the command started outlives it.
struct SourceProcess: ~Copyable {
    enum Ending: Equatable, Sendable, CustomStringConvertible {
        case status(Int)
        case signal(Int)

        var description: String {
            switch self {
            case .status(let code): "ended with status \(code)"
            case .signal(let number): "was ended by signal \(number)"
            }
        }
    }

    /// What it writes to standard output and standard error; neither waits when read.
    let output: Descriptor
    let errors: Descriptor
    private let process: pid_t

    init(_ command: String) throws(SystemError) {
        var process: pid_t = 0
        var output: Int32 = -1
        var errors: Int32 = -1
        let code = clinux_spawn_shell(command, -1, false, &output, &errors, &process)
        guard code == 0 else { throw SystemError(call: "posix_spawn", errno: code) }
        self.output = Descriptor(adopting: output)
        self.errors = Descriptor(adopting: errors)
        self.process = process
    }

    /// How the shell ended; nil while it runs.
    var ending: Ending? {
        var status: Int32 = 0
        guard clinux_has_ended(process, &status) == 1 else { return nil }
        return status < 0 ? .signal(Int(-status)) : .status(Int(status))
    }

    /// Ends the whole group: asks first, and after a second no more. Returns when the shell has
    /// ended.
    consuming func end() {
        if ending == nil {
            kill(-process, SIGTERM)
            for _ in 0..<100 where ending == nil { usleep(10_000) }
        }
        kill(-process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1 && errno == EINTR {}
    }
}
