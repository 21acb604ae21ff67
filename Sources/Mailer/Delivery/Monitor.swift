import Glibc
internal import Primitives

/// A value that threads take turns at, and wait for changes of.
final class Monitor<Value>: @unchecked Sendable {  // `mutex` guards `value`
    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(_ value: Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    /// Looks at the value, or changes it, with nobody else there.
    func with<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&value)
    }

    /// Changes the value and wakes all who wait.
    func change<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return body(&value)
    }

    enum Wait<Result> {
        case done(Result)
        /// Until this time, or a change; nil: a change.
        case until(WallClockTime?)
    }

    /// Calls `body` now and after each change or time that it names, until it is done.
    func wait<Result>(_ body: (inout Value) -> Wait<Result>) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            switch body(&value) {
            case .done(let result): return result
            case .until(nil): pthread_cond_wait(changed, mutex)
            case .until(let time?):
                var limit = timespec(
                    tv_sec: Int(time.nanoseconds / 1_000_000_000),
                    tv_nsec: Int(time.nanoseconds % 1_000_000_000))
                pthread_cond_timedwait(changed, mutex, &limit)
            }
        }
    }
}
