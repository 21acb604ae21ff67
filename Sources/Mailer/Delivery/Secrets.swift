import Glibc
internal import Primitives
internal import Spool

/// Passwords and tokens of relays, read each time, so that a changed file needs no reload.
final class Secrets: Sendable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    struct Value {
        var text: String
        /// A command had printed it a while ago: it may have run out.
        var isRemembered = false
    }

    /// How long a command's token is used: the usual ones live an hour.
    private static let tokenLife: Interval = .seconds(300)
    private static let commandLimit: Interval = .seconds(30)
    private let tokens = Monitor<[String: (token: String, until: WallClockTime)]>([:])

    func value(of secret: RelaySettings.Secret, at now: WallClockTime) throws(Failure) -> Value {
        switch secret {
        case .passwordFile(let path), .tokenFile(let path):
            return Value(text: try Secrets.line(at: path))
        case .tokenCommand(let command):
            if let known = tokens.with({ $0[command] }), known.until > now {
                return Value(text: known.token, isRemembered: true)
            }
            let token = try Secrets.run(command)
            tokens.with { $0[command] = (token, now + Secrets.tokenLife) }
            return Value(text: token)
        }
    }

    /// A relay refused what a command had printed; another worker may know a newer one by now.
    func forget(_ value: Value, of secret: RelaySettings.Secret) {
        guard case .tokenCommand(let command) = secret else { return }
        tokens.with { if $0[command]?.token == value.text { $0[command] = nil } }
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
        do throws(ShellCommand.Failure) {
            let output = try ShellCommand(command: command, timeLimit: commandLimit).run()
            guard !output.isEmpty else { throw .init(description: "it printed nothing") }
            return firstLine(output)
        } catch {
            throw Failure(description: "token command: \(error)")
        }
    }
}
