import Directory
import Dispatch
import Logging
import Primitives
import Synchronization
import Testing

/// The cache in front of a SQLite file that another connection writes, and of a store that hangs.
@Suite struct CachedDirectoryTests {
    private static func cached(
        _ store: any UserDirectory, limit: Interval = .seconds(600)
    ) -> CachedDirectory {
        var limits = UserCache.Limits()
        limits.rest = .seconds(36_000)
        // What is remembered grows not old while a busy machine keeps the test waiting.
        limits.time = .seconds(36_000)
        limits.revisionTime = .zero
        return CachedDirectory(
            store, name: "store", limit: limit, cache: limits,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: {
                Instant(nanoseconds: Int64(clamping: DispatchTime.now().uptimeNanoseconds))
            })
    }

    @Test func seesAtOnceWhatAnotherConnectionWrites() async throws {
        let folder = try TemporaryFolder()
        let alice = try #require(UserKey("alice"))
        let writer = try SQLiteDirectory(path: folder.file("users.sqlite"))
        let directory = Self.cached(try SQLiteDirectory(path: folder.file("users.sqlite")))
        #expect(try await directory.user(alice) == nil)
        for music in ["jazz", "rock", ""] {
            let edit = UserEdit(name: "alice", values: [.music: music])
            _ = try writer.merge([edit], .update, domain: "example.com")
            let user = try #require(try await directory.user(alice))
            #expect(user.musicClass == (music.isEmpty ? nil : music))
            // And what hasn't changed comes from memory.
            let asked = directory.statistics.asked
            _ = try await directory.user(alice)
            #expect(directory.statistics.asked == asked)
        }
        try writer.remove(["alice"])
        #expect(try await directory.user(alice) == nil)
    }

    @Test func aStoreThatHangsCostsTheLimitOnce() async throws {
        let alice = try #require(UserKey("alice"))
        let bob = try #require(UserKey("bob"))
        let store = HangingStore()
        defer { store.release() }
        let directory = Self.cached(store, limit: .milliseconds(100))
        #expect(try await directory.user(alice) == User(name: "alice"))
        #expect(directory.known(bob) == nil)
        store.hang()
        // What is remembered is told in place of the answer that does not come.
        #expect(try await directory.user(alice) == User(name: "alice"))
        #expect(directory.isAway)
        // From now on at once: the limit is not waited for again, or this would be timedOut.
        let questions = store.questions
        #expect(directory.known(alice) == User(name: "alice"))
        #expect(try await directory.user(alice) == User(name: "alice"))
        await #expect(throws: DirectoryError.timedOut(store: "store", .milliseconds(100))) {
            try await directory.user(bob)
        }
        #expect(store.questions == questions)
        #expect(directory.statistics.failed == 1)
        #expect(directory.statistics.old == 1)
    }
}

/// Answers with a user of the asked name, until it is told to hang; then it ignores cancellation too.
private final class HangingStore: UserDirectory {
    private struct State: Sendable {
        var hangs = false
        var questions = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var questions: Int { state.withLock { $0.questions } }

    func hang() { state.withLock { $0.hangs = true } }

    func release() {
        let waiting = state.withLock { state in
            state.hangs = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func user(_ key: UserKey) async throws(DirectoryError) -> User? {
        await answer()
        return key.candidates.first.map { User(name: $0) }
    }

    func revision() async throws(DirectoryError) -> Revision? {
        await answer()
        return Revision("1")
    }

    private func answer() async {
        await withCheckedContinuation { continuation in
            let hangs = state.withLock { state in
                state.questions += 1
                if state.hangs { state.waiting.append(continuation) }
                return state.hangs
            }
            if !hangs { continuation.resume() }
        }
    }
}
