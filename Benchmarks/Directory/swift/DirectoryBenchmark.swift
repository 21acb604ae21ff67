import Directory
import Dispatch
import Foundation
import Logging
import Primitives

/// Prints a JSON object a line for each piece of work.
@main
@MainActor
enum DirectoryBenchmark {
    static let counts = [10, 1_000, 100_000]
    static let questions = 5_000
    static let remembered = 5_000

    static func main() async throws {
        for count in counts {
            let path = CommandLine.arguments[1] + "/users-\(count).sqlite"
            let store = try SQLiteDirectory(path: path)
            try change(store, count)
            try await lookUp(store, count)
        }
    }

    /// What commands do, with the most users.
    private static func change(_ store: SQLiteDirectory, _ count: Int) throws {
        let table = Array(UserTable.written(users(count)).utf8)
        var edits = UserTable.read(table).edits
        guard count == counts.last else {
            _ = try merge(edits, .add, store)
            return
        }
        measure("read the CSV file", count, count) { edits = UserTable.read(table).edits }
        try measure("import into an empty directory", count, count) {
            _ = try merge(edits, .add, store)
        }
        try measure("import the same again (--replace)", count, count) {
            _ = try merge(edits, .replace, store)
        }
        for number in stride(from: 0, to: count, by: 2) { edits[number].values[.music] = "rock" }
        try measure("import with half of them changed (--update)", count, count) {
            _ = try merge(edits, .update, store)
        }
        try measure("export", count, count) { _ = UserTable.written(try store.all()) }
    }

    /// What calls do.
    private static func lookUp(_ store: SQLiteDirectory, _ count: Int) async throws {
        // Strides by a prime visit users far apart.
        let keys = (0..<questions).compactMap { UserKey("user\($0 * 7919 % count)") }
        let numbers = (0..<questions).compactMap {
            UserKey("+1555\(1_000_000 + $0 * 7919 % count)")
        }
        try await measure("look up by name in SQLite", count, questions) {
            for key in keys where try await store.user(key) == nil { fatalError("nobody") }
        }
        try await measure("look up by number in SQLite", count, questions) {
            for key in numbers where try await store.user(key) == nil { fatalError("nobody") }
        }
        let cached = directory(store, revisionTime: .zero)
        let asked = keys.prefix(remembered)
        // Twice: what was remembered before the first revision is asked for once more.
        for key in asked + asked { _ = try await cached.user(key) }
        try await measure("remembered, revision asked each time", count, remembered) {
            for key in asked { _ = try await cached.user(key) }
        }
        let trusting = directory(store, revisionTime: .seconds(3600))
        for key in asked + asked { _ = try await trusting.user(key) }
        measure("known at once", count, remembered) {
            for key in asked where trusting.known(key) == nil { fatalError("unknown") }
        }
    }

    private static func users(_ count: Int) -> [User] {
        (0..<count).map { number in
            User(
                name: "user\(number)", aliases: ["u.\(number)"],
                numbers: ["+1555\(1_000_000 + number)"],
                credentials: StoredCredentials(
                    user: "user\(number)", realm: "example.com", password: "password"),
                displayName: "User Number \(number)",
                mailAddresses: ["user\(number)@example.com"], language: "en",
                timeZone: "Europe/Berlin", musicClass: "jazz")
        }
    }

    private static func merge(
        _ edits: [UserEdit], _ mode: MergeMode, _ store: SQLiteDirectory
    ) throws -> MergeCounts {
        try store.merge(edits, mode, domain: "example.com")
    }

    private static func directory(
        _ store: SQLiteDirectory, revisionTime: Interval
    ) -> CachedDirectory {
        var limits = UserCache.Limits()
        limits.revisionTime = revisionTime
        limits.time = .seconds(3600)
        return CachedDirectory(
            store, name: store.path, limit: .seconds(5), cache: limits,
            logger: Logger(label: "benchmark"), clock: { Instant(nanoseconds: nanoseconds()) })
    }

    private nonisolated static func nanoseconds() -> Int64 {
        Int64(clamping: DispatchTime.now().uptimeNanoseconds)
    }

    private static func measure(
        _ work: String, _ users: Int, _ times: Int, _ body: () throws -> Void
    ) rethrows {
        let start = nanoseconds()
        try body()
        report(work, users, times, since: start)
    }

    private static func measure(
        _ work: String, _ users: Int, _ times: Int, _ body: () async throws -> Void
    ) async rethrows {
        let start = nanoseconds()
        try await body()
        report(work, users, times, since: start)
    }

    private static func report(
        _ work: String, _ users: Int, _ times: Int, since start: Int64
    ) {
        let seconds = Double(nanoseconds() - start) / 1e9
        print(
            """
            {"work": "\(work)", "users": \(users), "times": \(times), "seconds": \(seconds)}
            """)
    }
}
