package import Logging
package import Primitives
internal import Synchronization

/// A directory in front of another one: remembers its answers, waits no longer than the limit, and
/// goes on with what it remembers while the other is away.
package final class CachedDirectory: UserDirectory {
    package struct Statistics: Sendable, Equatable {
        /// Questions that were answered from memory, by the store, and not at all.
        package var remembered = 0
        package var asked = 0
        package var failed = 0
        /// Answers from memory because the store was away.
        package var old = 0
    }

    private struct State: Sendable {
        var cache: UserCache
        var statistics = Statistics()
    }

    private let store: any UserDirectory
    private let name: String
    private let limit: Interval
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: the store's, for the log and the errors.
    ///   - limit: of one question; then it counts as failed, whatever the store does.
    package init(
        _ store: any UserDirectory, name: String, limit: Interval, cache: UserCache.Limits,
        logger: Logger, clock: @escaping @Sendable () -> Instant
    ) {
        self.store = store
        self.name = name
        self.limit = limit
        self.logger = logger
        self.clock = clock
        state = Mutex(State(cache: UserCache(cache)))
    }

    package var statistics: Statistics { state.withLock { $0.statistics } }

    /// Whether the store failed when it was last asked.
    package var isAway: Bool { state.withLock { $0.cache.isAway } }

    /// What is known at once, without asking anybody; nil when the store has to be asked.
    ///
    /// An event loop asks here first. `.some(nil)`: the key is known to be nobody's.
    package func known(_ key: UserKey) -> User?? {
        state.withLock { state in
            guard case .known(let user) = state.cache.answer(key, now: clock()) else { return nil }
            state.statistics.remembered += 1
            return .some(user)
        }
    }

    package func user(_ key: UserKey) async throws(DirectoryError) -> User? {
        let asked = clock()
        var answer = state.withLock { state in
            let answer = state.cache.answer(key, now: asked)
            if answer == .askRevision || answer == .askUser { state.cache.asks(now: asked) }
            return answer
        }
        if answer == .askRevision {
            do {
                let revision = try await answered { [store] () throws(DirectoryError) in
                    try await store.revision()
                }
                answer = state.withLock { state in
                    noteReturn(state.cache)
                    state.cache.noted(revision, now: asked)
                    // At this instant the revision counts, so this is no second `.askRevision`.
                    return state.cache.answer(key, now: asked)
                }
            } catch {
                return try failed(error, key)
            }
        }
        switch answer {
        case .known(let user):
            state.withLock { $0.statistics.remembered += 1 }
            return user
        case .away(let error):
            state.withLock { $0.statistics.failed += 1 }
            throw error
        case .askUser, .askRevision:
            break
        }
        do {
            let user = try await answered { [store] () throws(DirectoryError) in
                try await store.user(key)
            }
            state.withLock { state in
                noteReturn(state.cache)
                state.cache.noted(user, for: key, now: asked)
                state.statistics.asked += 1
            }
            return user
        } catch {
            return try failed(error, key)
        }
    }

    package func revision() async throws(DirectoryError) -> Revision? {
        try await answered { [store] () throws(DirectoryError) in try await store.revision() }
    }

    private func answered<T: Sendable>(
        _ ask: @escaping @Sendable () async throws(DirectoryError) -> T
    ) async throws(DirectoryError) -> T {
        try await withLimit(limit, else: .timedOut(store: name, limit), ask)
    }

    /// What is remembered in place of an answer, else the error.
    private func failed(_ error: DirectoryError, _ key: UserKey) throws(DirectoryError) -> User? {
        let (wasAway, remembered) = state.withLock { state in
            let wasAway = state.cache.isAway
            let remembered = state.cache.failed(error, for: key, now: clock())
            if remembered == nil { state.statistics.failed += 1 } else { state.statistics.old += 1 }
            return (wasAway, remembered)
        }
        if !wasAway { logger.error("\(error); goes on with the users that are remembered") }
        guard let remembered else { throw error }
        return remembered
    }

    private func noteReturn(_ cache: UserCache) {
        if cache.isAway { logger.notice("\(name): answers again") }
    }
}
