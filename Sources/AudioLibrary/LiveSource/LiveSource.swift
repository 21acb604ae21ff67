import CLinux
import Glibc
import Logging
import Playout
import Primitives
import Synchronization

/// A class's live source: a command whose sound is played while it gives any, and which is started
/// again when it ends or falls silent. Has a thread of its own.
final class LiveSource: Sendable {
    struct Settings: Equatable, Sendable {
        var className: String
        /// For `/bin/sh -c`.
        var command: String
        /// In dB.
        var volume: Double
        var formats: [MediaFormat]
    }

    /// A command that gives nothing for so long is started again.
    static let patience = Interval.seconds(10)
    /// How often is looked at the time while it runs.
    private static let step = Interval.milliseconds(10)

    let settings: Settings
    let playlist: Playlist
    private let ring: SourceRing
    private let logger: Logger
    private let air: @Sendable (LiveSource, Bool) -> Void
    private let current: Mutex<SourceReport>
    private let isStopping = Atomic(false)
    /// Readable when it has to stop.
    private let wake: Descriptor
    private let thread = Mutex<SystemThread?>(nil)

    /// - Parameter air: told on its thread when listeners are to hear it, and when no longer.
    /// - Returns: nil when there is no memory for it.
    init?(
        _ settings: Settings, logger: Logger, air: @escaping @Sendable (LiveSource, Bool) -> Void
    ) {
        guard let ring = SourceRing(formats: settings.formats) else { return nil }
        self.settings = settings
        self.ring = ring
        self.air = air
        playlist = ring.playlist
        var logger = logger
        logger[metadataKey: "class"] = "\(settings.className)"
        self.logger = logger
        wake = Descriptor(adopting: clinux_eventfd())
        current = Mutex(
            SourceReport(
                source: "pipe:\(settings.command)", state: .starting, restarts: 0,
                lastFailure: nil))
    }

    var report: SourceReport { current.withLock { $0 } }

    /// - Parameter predecessor: has to end first, since both may want the same sound card.
    func start(after predecessor: LiveSource?) throws(AudioLibraryError) {
        let new = try SystemThread(name: "live-source") {
            predecessor?.join()
            self.run()
        }
        thread.withLock { $0 = new }
    }

    /// Makes it end; ``join()`` waits for that.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        var one: UInt64 = 1
        _ = write(wake.number, &one, 8)
    }

    /// Waits for its end; for one who waits.
    func join() {
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    // MARK: The thread

    private func run() {
        var backoff = RestartBackoff()
        while !isStopping.load(ordering: .relaxed) {
            let started = monotonicNow()
            note(.starting)
            let failure = runOnce()
            guard let failure, !isStopping.load(ordering: .relaxed) else { return }
            let wait = backoff.wait(afterLifetime: monotonicNow() - started)
            note(.failed, failure)
            logger.warning(
                "a live source failed",
                metadata: ["reason": "\(failure)", "again-in": "\(wait.seconds) s"])
            pause(wait)
            current.withLock { $0.restarts += 1 }
        }
    }

    /// From the command's start to its end.
    /// - Returns: why it ended; nil when it was told to.
    private func runOnce() -> String? {
        var log = LastLine()
        var failure: String?
        do throws(SystemError) {
            let process = try SourceProcess(settings.command)
            var session = SourceSession(
                ring: ring, formats: settings.formats, volume: settings.volume)
            var isOnAir = false
            do throws(PreparationError) {
                failure = try play(process, &session, &log, &isOnAir)
                try session.finish()
            } catch {
                failure = error.description
            }
            // What is in the ring is heard before anything is done that may take a while.
            while isOnAir, !session.hasRunOut(at: wallNow()),
                !isStopping.load(ordering: .relaxed)
            {
                pause(LiveSource.step)
            }
            if isOnAir { air(self, false) }
            read(process.errors, into: &log)
            process.end()
        } catch {
            failure = error.description
        }
        guard let failure else { return nil }
        return log.text.isEmpty ? failure : "\(failure): \(log.text)"
    }

    /// - Returns: why it is over; nil when it was told to end.
    private func play(
        _ process: borrowing SourceProcess, _ session: inout SourceSession,
        _ log: inout LastLine, _ isOnAir: inout Bool
    ) throws(PreparationError) -> String? {
        var lastSound = monotonicNow()
        while !isStopping.load(ordering: .relaxed) {
            let now = wallNow()
            let clock = monotonicNow()
            read(process.errors, into: &log)
            if isOnAir, session.hasRunOut(at: now) {
                isOnAir = false
                air(self, false)
                note(.starting)
                logger.info("a live source gives no sound")
            }
            if !isOnAir, session.hasRunOut(at: now) { session.beginAnew() }
            if !isOnAir, session.isReady(at: now) {
                isOnAir = true
                note(.playing)
                air(self, true)
                logger.info("a live source plays")
            }
            let wanted = session.wanted(at: now)
            guard wanted > 0 else {
                lastSound = clock
                wait(process, forOutput: false)
                continue
            }
            switch read(process.output, wanted) {
            case .octets(let octets):
                lastSound = clock
                try session.take(
                    octets, isAll: octets.count < wanted, at: now, clock: clock)
            case .none:
                if let ending = process.ending { return ending.description }
                if clock - lastSound >= LiveSource.patience {
                    return "gave no sound for \(Int(LiveSource.patience.seconds)) s"
                }
                wait(process, forOutput: true)
            case .end:
                // The shell ends a moment after its output does.
                for _ in 0..<10 where process.ending == nil { usleep(5000) }
                return process.ending?.description ?? "closed its output"
            case .failed(let why):
                return why
            }
        }
        return nil
    }

    private enum Piece {
        case octets([UInt8])
        case none
        case end
        case failed(String)
    }

    private func read(_ descriptor: borrowing Descriptor, _ count: Int) -> Piece {
        var got = 0
        let number = descriptor.number
        let octets = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            repeat {
                got = Glibc.read(number, buffer.baseAddress, count)
            } while got == -1
                && errno == EINTR
            filled = max(0, got)
        }
        if got > 0 { return .octets(octets) }
        if got == 0 { return .end }
        let code = errno
        return code == EAGAIN ? .none : .failed(SystemError(call: "read", errno: code).description)
    }

    private func read(_ errors: borrowing Descriptor, into log: inout LastLine) {
        while case .octets(let octets) = read(errors, 4096) {
            for line in log.add(octets) {
                logger.debug("a live source says", metadata: ["line": "\(line)"])
            }
        }
    }

    private func wait(_ process: borrowing SourceProcess, forOutput: Bool) {
        var waited = [pollfd(fd: wake.number, events: Int16(POLLIN), revents: 0)]
        if forOutput {
            waited.append(
                pollfd(fd: process.output.number, events: Int16(POLLIN), revents: 0))
        }
        poll(&waited, UInt(waited.count), Int32(LiveSource.step.nanoseconds / 1_000_000))
    }

    /// Waits, or until it has to stop.
    private func pause(_ time: Interval) {
        _ = clinux_wait_readable(wake.number, time.nanoseconds)
    }

    private func note(_ state: SourceReport.State, _ failure: String? = nil) {
        current.withLock {
            $0.state = state
            if let failure { $0.lastFailure = failure }
        }
    }
}

/// The wall clock as programme time.
private func wallNow() -> MediaTime {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return MediaTime(
        nanoseconds: Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec))
}
