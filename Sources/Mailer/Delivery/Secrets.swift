import Glibc
internal import Primitives
internal import Spool

/// Passwords and tokens of relays, read each time, so that a changed file needs no reload.
final class Secrets: Sendable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// How long a command's token is used: the usual ones live an hour.
    private static let tokenLife: Interval = .seconds(300)
    private static let commandLimit: Interval = .seconds(30)
    private let tokens = Monitor<[String: (token: String, until: WallClockTime)]>([:])

    func value(of secret: RelaySettings.Secret, at now: WallClockTime) throws(Failure) -> String {
        switch secret {
        case .passwordFile(let path), .tokenFile(let path):
            return try Secrets.line(at: path)
        case .tokenCommand(let command):
            if let known = tokens.with({ $0[command] }), known.until > now { return known.token }
            let token = try Secrets.run(command)
            tokens.with { $0[command] = (token, now + Secrets.tokenLife) }
            return token
        }
    }

    /// A relay refused what a command had printed.
    func forget(_ secret: RelaySettings.Secret?) {
        if case .tokenCommand(let command)? = secret { tokens.with { $0[command] = nil } }
    }

    private static func line(at path: String) throws(Failure) -> String {
        guard let file = fopen(path, "re") else {
            throw Failure(description: "\(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: 16_384)
        let count = fread(&octets, 1, octets.count, file)
        return firstLine(octets[..<count])
    }

    private static func firstLine(_ octets: some Collection<UInt8>) -> String {
        String(decoding: octets.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
    }

    private static func run(_ command: String) throws(Failure) -> String {
        var ends: [Int32] = [0, 0]
        // Not a pipe, which would not be closed in the program from its first moment.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw Failure(description: "token command: no pipe")
        }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var process = pid_t()
        let words = ["/bin/sh", "-c", command].map { (word: String) in strdup(word) }
        defer { for word in words { free(word) } }
        let code = posix_spawn(&process, "/bin/sh", &actions, nil, words + [nil], environ)
        close(ends[1])
        guard code == 0 else {
            throw Failure(description: "token command: \(String(cString: strerror(code)))")
        }
        var output: [UInt8] = []
        let end = WallClockTime.now + commandLimit
        var isLate = false
        while true {
            let left = (end - WallClockTime.now).nanoseconds / 1_000_000
            var wanted = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&wanted, 1, Int32(left)) > 0 else {
                isLate = true
                break
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(ends[0], &chunk, chunk.count)
            guard count > 0 else { break }
            output += chunk[..<count]
        }
        if isLate { kill(process, SIGKILL) }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        guard !isLate, status == 0, !output.isEmpty else {
            throw Failure(
                description: isLate
                    ? "the token command took longer than \(Int(commandLimit.seconds)) s"
                    : "the token command failed with status \(status >> 8)")
        }
        return firstLine(output)
    }
}
