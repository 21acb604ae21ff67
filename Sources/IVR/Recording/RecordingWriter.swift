import Glibc
import MediaEngine
import Primitives
import Synchronization

/// Puts recordings on disk as they arrive, on a thread of its own: the disk may stall, the media
/// may not.
///
/// What was written is synced by ``RecordingSyncer``s, so that `kill -9` or a power cut costs the
/// last second. The header says that the length is unknown (0xffffffff), which readers of AU files
/// know, so that there is nothing to mend afterwards.
final class RecordingWriter: @unchecked Sendable {  // the two tables belong to the writing thread
    typealias Completion = RecordingSyncer.Completion

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

    private let inbox = Mutex(Inbox())
    private let wake: EventCounter
    private let limit: Int
    private let syncers: [RecordingSyncer]
    private let thread = Mutex<pthread_t?>(nil)
    private let failed: RecordingSyncer.Failure
    private var files: [UInt64: RecordingFile] = [:]
    /// Recordings that have no file, and why.
    private var unmade: [UInt64: String] = [:]

    /// One thread syncs 500 files one after the other in 1.8 s, eight in 0.1 s: the journal takes
    /// what comes together at once (ext4, measured).
    private static let syncerCount = 8

    /// - Parameters:
    ///   - limit: octets of sound that may wait.
    ///   - failed: told once of a recording that the disk takes no more of.
    init(
        limit: Int, failed: @escaping RecordingSyncer.Failure
    ) throws(MediaEngineError) {
        self.limit = limit
        self.failed = failed
        wake = try EventCounter()
        var all: [RecordingSyncer] = []
        for _ in 0..<RecordingWriter.syncerCount {
            all.append(try RecordingSyncer(failed: failed))
        }
        syncers = all
    }

    func start() throws(MediaEngineError) {
        for (i, syncer) in syncers.enumerated() { try syncer.start(named: "ivr-sync-\(i)") }
        let writer = try startThread(named: "ivr-write") { self.write() }
        thread.withLock { $0 = writer }
    }

    /// Returns when everything that was given is on disk.
    func stop() {
        inbox.withLock { $0.isStopping = true }
        wake.signal()
        if let writer = thread.withLock({ $0.take() }) { pthread_join(writer, nil) }
        for syncer in syncers { syncer.stop() }
    }

    /// Octets of sound that wait for the disk.
    var waiting: Int { inbox.withLock { $0.octets } }

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

    /// `completion` is called on a thread of the writer's when the recording is synced.
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
            do throws(RecordingFile.Failure) {
                let file = try RecordingFile(number: number, path: path, rate: rate)
                files[number] = file
                syncer(of: number).watch(file)
            } catch {
                unmade[number] = error.description
                failed(number, error.description)
            }
        case .append(let number, let octets):
            inbox.withLock { $0.octets -= octets.count }
            guard let file = files[number], file.failure == nil else { return }
            if let failure = file.append(octets) { failed(number, failure.description) }
        case .close(let number, let completion):
            guard let file = files.removeValue(forKey: number) else {
                return completion(0, unmade.removeValue(forKey: number))
            }
            syncer(of: number).close(file, completion)
        }
    }

    private func syncer(of number: UInt64) -> RecordingSyncer {
        syncers[Int(number % UInt64(syncers.count))]
    }
}
