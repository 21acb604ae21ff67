internal import CLinux
import Glibc
internal import Primitives

/// A command of the operator's, run by a shell to its end: bounded in time and in what it prints, in
/// a process group of its own, which ends with it, and without a descriptor of ours.
struct ShellCommand {
    struct Failure: Error, CustomStringConvertible { let description: String }

    var command: String
    /// Descriptor of what it reads; negative: nothing.
    var input: Int32 = -1
    /// Others come before it (nice 10).
    var isBackground = false
    var timeLimit: Interval
    /// Octets that it may print.
    var outputLimit = 65_536

    /// What it printed.
    /// - Parameter isWanted: asked several times a second; when it says no, the command is ended.
    func run(while isWanted: () -> Bool = { true }) throws(Failure) -> [UInt8] {
        var process: pid_t = 0
        var output: Int32 = -1
        var errors: Int32 = -1
        let code = clinux_spawn_shell(command, input, isBackground, &output, &errors, &process)
        guard code == 0 else {
            throw Failure(description: "it can't be started: \(String(cString: strerror(code)))")
        }
        defer {
            kill(-process, SIGKILL)
            var status: Int32 = 0
            while waitpid(process, &status, 0) == -1 && errno == EINTR {}
            close(output)
            close(errors)
        }
        let end = ContinuousClock.now + .nanoseconds(timeLimit.nanoseconds)
        var printed: [UInt8] = []
        var complaints: [UInt8] = []
        var pipes = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
        ]
        var status: Int32 = 0
        while true {
            // Asked before the pipes are read: what it wrote before it ended is in them.
            let hasEnded = clinux_has_ended(process, &status) == 1
            if !ShellCommand.drain(&pipes[0], into: &printed, limit: outputLimit) {
                throw Failure(description: "it printed more than \(outputLimit) octets")
            }
            _ = ShellCommand.drain(&pipes[1], into: &complaints, limit: .max)
            complaints = complaints.suffix(2000)
            if hasEnded { break }
            guard ContinuousClock.now < end else {
                throw Failure(description: "it took longer than \(Int(timeLimit.seconds)) s")
            }
            guard isWanted() else { throw Failure(description: "it was stopped") }
            poll(&pipes, nfds_t(pipes.count), pipes.allSatisfy { $0.fd < 0 } ? 5 : 200)
        }
        guard status == 0 else {
            let how =
                status < 0 ? "it was ended by signal \(-status)" : "it ended with status \(status)"
            let last = String(decoding: complaints, as: UTF8.self)
                .split(whereSeparator: \.isNewline).last
            throw Failure(description: last.map { "\(how): \($0.prefix(200))" } ?? how)
        }
        return printed
    }

    /// Reads what is there.
    /// - Returns: false when it is more than the limit.
    private static func drain(_ pipe: inout pollfd, into octets: inout [UInt8], limit: Int) -> Bool
    {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while pipe.fd >= 0 {
            let count = read(pipe.fd, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { break }
            guard count > 0 else {
                pipe.fd = -1
                break
            }
            octets += chunk[..<count]
            if octets.count > limit { return false }
            // Who writes without end is looked at again.
            if limit == .max { break }
        }
        return true
    }
}
