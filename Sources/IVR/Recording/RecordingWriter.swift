import Glibc
import MediaEngine
import Primitives
import Synchronization

/// Puts recordings on disk as they arrive, on a thread of its own: the disk may stall, the media
/// may not.
///
/// A second thread syncs what was written at least once a second, so that `kill -9` or a power cut
/// costs the last second. The header says that the length is unknown (0xffffffff), which readers of
/// AU files know, so that there is nothing to mend afterwards.
final class RecordingWriter: @unchecked Sendable {  // all but the two locks belongs to a thread
    typealias Completion = @Sendable (_ samples: Int, _ failure: String?) -> Void

    private enum Command {
        case open(number: UInt64, path: String, rate: Int)
        case append(number: UInt64, octets: [UInt8])
        case close(number: UInt64, Completion)
    }

    private struct Inbox {
        var commands: [Command] = []
        /// Of sound that waits.
        var octets = 0
        var isStopping = false
    }

    private final class File: @unchecked Sendable {  // each field has one thread, `isDirty` a lock
        let descriptor: Int32
        let rate: Int
        var samples = 0
        var failure: String?
        let isDirty = Atomic(false)

        init(descriptor: Int32, rate: Int) {
            self.descriptor = descriptor
            self.rate = rate
        }

        deinit { if descriptor >= 0 { Glibc.close(descriptor) } }
    }

    private let inbox = Mutex(Inbox())
    private let files = Mutex<[UInt64: File]>([:])
    private let wake: EventCounter
    private let limit: Int
    private let isStopping = Atomic(false)
    private let threads = Mutex<[pthread_t]>([])
    private let failed: @Sendable (UInt64, String) -> Void

    /// - Parameters:
    ///   - limit: octets of sound that may wait.
    ///   - failed: told once of a recording that the disk takes no more of.
    init(
        limit: Int, failed: @escaping @Sendable (UInt64, String) -> Void
    ) throws(MediaEngineError) {
        self.limit = limit
        self.failed = failed
        wake = try EventCounter()
    }

    func start() throws(MediaEngineError) {
        let writer = try startThread(named: "ivr-write") { self.write() }
        threads.withLock { $0.append(writer) }
        let syncer = try startThread(named: "ivr-sync") { self.sync() }
        threads.withLock { $0.append(syncer) }
    }

    /// Returns when everything that was given is on disk.
    func stop() {
        inbox.withLock { $0.isStopping = true }
        wake.signal()
        let all = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        if let writer = all.first { pthread_join(writer, nil) }
        isStopping.store(true, ordering: .releasing)
        if let syncer = all.dropFirst().first { pthread_join(syncer, nil) }
    }

    // MARK: From the media threads

    func open(_ number: UInt64, path: String, rate: Int) {
        post(.open(number: number, path: path, rate: rate))
    }

    /// - Returns: false when the disk is so far behind that this is not taken.
    func append(_ number: UInt64, _ octets: [UInt8]) -> Bool {
        let isTaken = inbox.withLock { inbox in
            guard inbox.octets + octets.count <= limit else { return false }
            inbox.octets += octets.count
            inbox.commands.append(.append(number: number, octets: octets))
            return true
        }
        if isTaken { wake.signal() }
        return isTaken
    }

    /// `completion` is called on the writer's thread when the recording is synced.
    func close(_ number: UInt64, _ completion: @escaping Completion) {
        post(.close(number: number, completion))
    }

    private func post(_ command: Command) {
        inbox.withLock { $0.commands.append(command) }
        wake.signal()
    }

    // MARK: The writer

    private func write() {
        while true {
            var entry = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, -1)
            wake.clear()
            let (commands, isLast) = inbox.withLock { inbox in
                defer { inbox.commands = [] }
                return (inbox.commands, inbox.isStopping)
            }
            for command in commands { perform(command) }
            if isLast, inbox.withLock({ $0.commands.isEmpty }) { return }
        }
    }

    private func perform(_ command: Command) {
        switch command {
        case .open(let number, let path, let rate):
            let file = RecordingWriter.make(path, rate)
            files.withLock { $0[number] = file }
            if let failure = file.failure { failed(number, failure) }
        case .append(let number, let octets):
            inbox.withLock { $0.octets -= octets.count }
            guard let file = files.withLock({ $0[number] }), file.failure == nil else { return }
            let written = RecordingWriter.writeAll(file.descriptor, octets)
            file.samples += written / 2
            file.isDirty.store(true, ordering: .releasing)
            if written < octets.count {
                let failure = "writing the recording: \(RecordingWriter.text(errno))"
                file.failure = failure
                failed(number, failure)
            }
        case .close(let number, let completion):
            guard let file = files.withLock({ $0.removeValue(forKey: number) }) else {
                return completion(0, nil)
            }
            if file.descriptor >= 0, fdatasync(file.descriptor) != 0, file.failure == nil {
                file.failure = "syncing the recording: \(RecordingWriter.text(errno))"
            }
            completion(file.samples, file.failure)
        }
    }

    private static func make(_ path: String, _ rate: Int) -> File {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let file = File(descriptor: descriptor, rate: rate)
        guard descriptor >= 0 else {
            file.failure = "making \(path): \(text(errno))"
            return file
        }
        let header = header(rate: rate)
        guard writeAll(descriptor, header) == header.count, fdatasync(descriptor) == 0,
            syncDirectory(of: path)
        else {
            file.failure = "making \(path): \(text(errno))"
            return file
        }
        return file
    }

    /// `.snd`, where the sound begins, its length, 16-bit linear, samples a second, one channel.
    static func header(rate: Int) -> [UInt8] {
        var header = Array(".snd".utf8)
        for word in [24, UInt32.max, 3, UInt32(truncatingIfNeeded: rate), 1] as [UInt32] {
            withUnsafeBytes(of: word.bigEndian) { header.append(contentsOf: $0) }
        }
        return header
    }

    private static func syncDirectory(of path: String) -> Bool {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        return fsync(descriptor) == 0
    }

    /// - Returns: octets written; fewer than there are when the disk takes no more (see `errno`).
    private static func writeAll(_ descriptor: Int32, _ octets: [UInt8]) -> Int {
        var done = 0
        octets.withUnsafeBytes { buffer in
            while done < buffer.count {
                guard let base = buffer.baseAddress else { return }
                let count = Glibc.write(descriptor, base + done, buffer.count - done)
                if count > 0 {
                    done += count
                } else if errno != EINTR {
                    return
                }
            }
        }
        return done
    }

    private static func text(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }

    // MARK: The syncer

    private func sync() {
        while !isStopping.load(ordering: .acquiring) {
            let began = MachineClock.monotonic()
            let all = files.withLock { Array($0.values) }
            for file in all where file.isDirty.exchange(false, ordering: .acquiring) {
                _ = fdatasync(file.descriptor)
            }
            // From the start of one round to that of the next half a second, so that sound is no
            // older than a second when a round takes as long again.
            let rest = began + .milliseconds(500) - MachineClock.monotonic()
            if rest > .zero { usleep(useconds_t(rest.nanoseconds / 1000)) }
        }
    }
}
