package import FoundationEssentials
import Glibc
package import Primitives

/// The directory of messages: `SPOOL/STATE/ID/` with `envelope.json`, `audio.au`, `delivery.json`.
///
/// A message changes its state by one rename. Every step is synced before the next, and each can be
/// repeated after a crash. It may be used from any thread, and by several processes at once.
package struct Spool: Sendable {
    package static let envelopeFile = "envelope.json"
    package static let audioFile = "audio.au"
    package static let deliveryFile = "delivery.json"
    package static let discardFile = "discarded.json"
    /// Holds octets of the disk that the end of the message needs, in case the recording fills it.
    package static let roomFile = "room"
    /// For the envelope and the record of its delivery, with what a file system adds.
    private static let room = 32 << 10

    package let directory: String
    package let faults: Faults

    /// Makes the directories where they are missing.
    package init(directory: String, faults: Faults = .environment) throws(SpoolError) {
        self.directory = directory
        self.faults = faults
        do throws(SystemError) {
            for path in [directory] + SpoolState.allCases.map({ "\(directory)/\($0.rawValue)" })
                + ["\(directory)/\(Spool.trash)"]
            {
                try Spool.makeDirectories(path)
            }
            try DirectoryHandle(directory).sync()
        } catch {
            throw .system(error)
        }
    }

    package func path(of state: SpoolState) -> String { "\(directory)/\(state.rawValue)" }

    package func path(of id: MessageIdentifier, in state: SpoolState) -> String {
        "\(directory)/\(state.rawValue)/\(id)"
    }

    // MARK: From the call to the queue

    /// Makes the message's directory and writes what is known of the call.
    /// - Returns: the directory's path, where `audio.au` is to be written.
    @discardableResult
    package func begin(_ envelope: Envelope) throws(SpoolError) -> String {
        let path = path(of: envelope.id, in: .recording)
        do throws(SystemError) {
            try Spool.makeDirectory(path)
            faults.at(.beginMade)
            let message = try DirectoryHandle(path)
            try write(envelope, in: message)
            try Spool.takeRoom("\(path)/\(Spool.roomFile)", octets: Spool.room)
            try DirectoryHandle(self.path(of: .recording)).sync()
            faults.at(.begun)
        } catch {
            throw .system(error)
        }
        return path
    }

    /// Puts a message that was recorded to its end in the queue. The recording is closed.
    package func finish(_ envelope: Envelope) throws(SpoolError) {
        try end(envelope, as: .queue)
    }

    /// Sets a message aside that nobody shall be bothered with. Where the addressee wants to know of
    /// missed calls it goes through the queue first, as one of these.
    /// - Parameter reason: for people, such as `silence`.
    package func discard(_ envelope: Envelope, reason: String) throws(SpoolError) {
        try end(envelope, as: envelope.addressee.wantsMissedCalls ? .queue : .discarded) {
            message throws(SystemError) in
            let record = DiscardRecord(reason: reason, at: .now)
            try message.replace(Spool.discardFile, with: Spool.encoded(record))
        }
    }

    private func end(
        _ envelope: Envelope, as state: SpoolState,
        then work: (borrowing DirectoryHandle) throws(SystemError) -> Void = { _ in }
    ) throws(SpoolError) {
        do throws(SystemError) {
            let message: DirectoryHandle
            do {
                message = try DirectoryHandle(path(of: envelope.id, in: .recording))
            } catch  where error.errno == ENOENT {
                // A step that was already taken.
                if exists(envelope.id, in: state) { return }
                throw error
            }
            try message.sync(Spool.audioFile)
            unlink("\(message.path)/\(Spool.roomFile)")
            faults.at(.finishSynced)
            try write(envelope, in: message)
            try work(message)
            faults.at(.finishDescribed)
        } catch {
            throw .system(error)
        }
        try move(envelope.id, from: .recording, to: state)
    }

    private static func takeRoom(_ path: String, octets: Int) throws(SystemError) {
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError(call: "open", path: path, errno: errno) }
        defer { close(file) }
        let code = posix_fallocate(file, 0, off_t(octets))
        guard code == 0 else { throw SystemError(call: "posix_fallocate", path: path, errno: code) }
    }

    // MARK: Any state

    package func exists(_ id: MessageIdentifier, in state: SpoolState) -> Bool {
        access(path(of: id, in: state), F_OK) == 0
    }

    /// The state of a message; nil when there is none of that name.
    package func state(of id: MessageIdentifier) -> SpoolState? {
        SpoolState.allCases.first { exists(id, in: $0) }
    }

    /// The messages of a state, the oldest first.
    package func list(_ state: SpoolState) throws(SpoolError) -> [MessageIdentifier] {
        do throws(SystemError) {
            return try DirectoryHandle(path(of: state)).names().sorted()
                .compactMap(MessageIdentifier.init)
        } catch {
            throw .system(error)
        }
    }

    package func envelope(
        of id: MessageIdentifier, in state: SpoolState
    ) throws(SpoolError) -> Envelope {
        let message = try open(id, in: state)
        return try envelope(in: message)
    }

    package func envelope(in message: borrowing DirectoryHandle) throws(SpoolError) -> Envelope {
        let envelope: Envelope = try decode(Spool.envelopeFile, in: message)
        guard envelope.version <= Envelope.currentVersion else {
            throw .unreadable(
                path: "\(message.path)/\(Spool.envelopeFile)",
                cause: "it is of version \(envelope.version), which is newer than this program")
        }
        return envelope
    }

    /// Moves a message from one state to another; nothing when it is there already.
    package func move(
        _ id: MessageIdentifier, from old: SpoolState, to new: SpoolState
    ) throws(SpoolError) {
        let (source, target) = (path(of: id, in: old), path(of: id, in: new))
        do throws(SystemError) {
            do {
                try system("rename", source) { rename(source, target) }
            } catch  where error.errno == ENOENT && exists(id, in: new) {
            }
            faults.at(.moved)
            // The new name first: a power cut between the two leaves two names, not none.
            try DirectoryHandle(path(of: new)).sync()
            try DirectoryHandle(path(of: old)).sync()
            faults.at(.moveSynced)
        } catch  where error.errno == ENOENT {
            throw .unknown(id, old)
        } catch {
            throw .system(error)
        }
    }

    /// Opens a message's directory and shuts other workers and commands out of it.
    ///
    /// Throws ``SpoolError/busy(_:)`` when another has it and `waits` is false.
    package func open(
        _ id: MessageIdentifier, in state: SpoolState, locks: Bool = false, waits: Bool = false
    ) throws(SpoolError) -> DirectoryHandle {
        let path = path(of: id, in: state)
        let message = try handle(of: id, at: path, state)
        var isFree = true
        do throws(SystemError) {
            if locks { isFree = try message.lock(waits: waits) }
        } catch {
            throw .system(error)
        }
        guard isFree else { throw .busy(id) }
        // It may have been moved while we waited for the lock.
        guard message.isAt(path) else { throw .unknown(id, state) }
        return message
    }

    private func handle(
        of id: MessageIdentifier, at path: String, _ state: SpoolState
    ) throws(SpoolError) -> DirectoryHandle {
        do throws(SystemError) {
            return try DirectoryHandle(path)
        } catch {
            throw error.errno == ENOENT ? .unknown(id, state) : .system(error)
        }
    }

    // MARK: Files of a message

    func write(
        _ envelope: Envelope, in message: borrowing DirectoryHandle
    ) throws(SystemError) {
        try message.replace(Spool.envelopeFile, with: Spool.encoded(envelope)) { step in
            faults.at(step == .written ? .envelopeWritten : .envelopeRenamed)
        }
    }

    func decode<Value: Decodable>(
        _ name: String, in message: borrowing DirectoryHandle
    ) throws(SpoolError) -> Value {
        let path = "\(message.path)/\(name)"
        let data: Data?
        do throws(SystemError) {
            data = try message.read(name)
        } catch {
            throw .system(error)
        }
        guard let data else { throw .unreadable(path: path, cause: "it is missing") }
        do {
            return try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw .unreadable(path: path, cause: "\(error)")
        }
    }

    /// Sorted, so that two writings of one value are the same octets.
    package static func encoded(_ value: some Encodable) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Our own types hold nothing that JSON can't say.
        return (try? encoder.encode(value)) ?? Data()
    }

    // MARK: Directories

    static func makeDirectory(_ path: String) throws(SystemError) {
        do {
            try system("mkdir", path) { mkdir(path, 0o750) }
        } catch  where error.errno == EEXIST {
        }
    }

    private static func makeDirectories(_ path: String) throws(SystemError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += made.isEmpty || made == "/" ? String(part) : "/\(part)"
            try makeDirectory(made)
        }
    }
}

/// `discarded.json`.
struct DiscardRecord: Codable {
    var reason: String
    var at: WallClockTime
}

extension WallClockTime {
    /// The clock of this machine.
    package static var now: WallClockTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallClockTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
