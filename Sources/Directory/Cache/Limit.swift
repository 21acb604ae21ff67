internal import Primitives
internal import Synchronization

/// The result of `work`, or `error` once `limit` has passed.
///
/// Unlike a task group this does not wait for `work` to notice that it is cancelled: a store that
/// hangs in a system call holds up nobody but itself.
func withLimit<T: Sendable, Failure: Error>(
    _ limit: Interval, else error: Failure,
    _ work: @escaping @Sendable () async throws(Failure) -> T
) async throws(Failure) -> T {
    let race = Race<Result<T, Failure>>()
    let working = Task {
        do throws(Failure) {
            race.end(.success(try await work()))
        } catch {
            race.end(.failure(error))
        }
    }
    let waiting = Task {
        try? await Task.sleep(for: .nanoseconds(limit.nanoseconds))
        race.end(.failure(error))
    }
    let result = await race.result()
    working.cancel()
    waiting.cancel()
    return try result.get()
}

/// The first of several results.
private final class Race<Result: Sendable>: Sendable {
    private enum State: Sendable {
        case running
        case awaited(CheckedContinuation<Result, Never>)
        case ended(Result)
        case taken
    }

    private let state = Mutex(State.running)

    func end(_ result: Result) {
        let continuation: CheckedContinuation<Result, Never>? = state.withLock { state in
            switch state {
            case .running:
                state = .ended(result)
                return nil
            case .awaited(let continuation):
                state = .taken
                return continuation
            case .ended, .taken:
                return nil
            }
        }
        continuation?.resume(returning: result)
    }

    /// Called once.
    func result() async -> Result {
        await withCheckedContinuation { continuation in
            let ended: Result? = state.withLock { state in
                guard case .ended(let result) = state else {
                    state = .awaited(continuation)
                    return nil
                }
                state = .taken
                return result
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }
}
