import Glibc
import MediaEngine
import Primitives
import Synchronization

/// Brings some recordings to the disk, on a thread of its own, at least once a second each.
final class RecordingSyncer: Sendable {
    typealias Completion = @Sendable (_ samples: Int, _ failure: String?) -> Void
    /// Told once of a recording that the disk takes no more of.
    typealias Failure = @Sendable (UInt64, String) -> Void

    /// From the start of one round to that of the next, so that sound is no older than a second
    /// when a round takes as long again.
    private static let round = Interval.milliseconds(500)

    private struct State {
        var open: [UInt64: RecordingFile] = [:]
        var closing: [(file: RecordingFile, completion: Completion)] = []
        var isStopping = false
        var thread: pthread_t?
    }

    private let state = Mutex(State())
    private let wake: EventCounter
    private let failed: Failure

    init(failed: @escaping Failure) throws(MediaEngineError) {
        self.failed = failed
        wake = try EventCounter()
    }

    func start(named name: String) throws(MediaEngineError) {
        let started = try startThread(named: name) { self.run() }
        state.withLock { $0.thread = started }
    }

    /// Returns when everything that was handed over is on disk.
    func stop() {
        let thread = state.withLock { state in
            state.isStopping = true
            return state.thread.take()
        }
        wake.signal()
        if let thread { pthread_join(thread, nil) }
    }

    func watch(_ file: RecordingFile) {
        let isFirst = state.withLock { state in
            state.open[file.number] = file
            return state.open.count == 1
        }
        if isFirst { wake.signal() }
    }

    /// Syncs a recording that is complete, as soon as possible.
    func close(_ file: RecordingFile, _ completion: @escaping Completion) {
        state.withLock { state in
            state.open[file.number] = nil
            state.closing.append((file, completion))
        }
        wake.signal()
    }

    private func run() {
        var next = MachineClock.monotonic()
        while true {
            let isIdle = state.withLock {
                $0.open.isEmpty && $0.closing.isEmpty && !$0.isStopping
            }
            wait(for: isIdle ? nil : next - MachineClock.monotonic())
            let (closing, isLast) = state.withLock { state in
                defer { state.closing = [] }
                return (state.closing, state.isStopping)
            }
            for (file, completion) in closing {
                _ = file.sync()
                completion(file.samples, file.failure?.description)
            }
            if isLast && closing.isEmpty { return }
            let now = MachineClock.monotonic()
            guard now >= next else { continue }
            next = now + RecordingSyncer.round
            for file in state.withLock({ Array($0.open.values) }) {
                if let failure = file.sync() { failed(file.number, failure.description) }
            }
        }
    }

    /// - Parameter time: nil: until there is something to do.
    private func wait(for time: Interval?) {
        let milliseconds = time.map { max(0, $0.nanoseconds / 1_000_000 + 1) } ?? -1
        var entry = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
        if state.withLock({ $0.closing.isEmpty && !$0.isStopping }) {
            _ = poll(&entry, 1, Int32(clamping: milliseconds))
        }
        wake.clear()
    }
}
