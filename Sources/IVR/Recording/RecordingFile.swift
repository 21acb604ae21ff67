import Glibc
import Synchronization

/// One recording on disk, a Sun AU file that grows: written by one thread, synced by another.
final class RecordingFile: @unchecked Sendable {  // `samples` belongs to the writing thread
    /// A system call that the disk refused.
    struct Failure: Error, CustomStringConvertible {
        let what: String
        let code: Int32

        var description: String {
            let cause = strerror(code).map { String(cString: $0) } ?? "error \(code)"
            return "\(what): \(cause)"
        }
    }

    let number: UInt64
    /// Samples that were written.
    private(set) var samples = 0

    private let path: String
    private let descriptor: Int32
    private let state = Mutex(State())

    private struct State {
        var isDirty = true
        /// The directory has an entry that is not synced.
        var isNew = true
        var failure: Failure?
    }

    /// Makes the file, or empties one that is there, and writes its header.
    init(number: UInt64, path: String, rate: Int) throws(Failure) {
        self.number = number
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(what: "making \(path)", code: errno) }
        let header = RecordingFile.header(rate: rate)
        guard write(header) == header.count else {
            throw Failure(what: "making \(path)", code: errno)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The first thing that went wrong.
    var failure: Failure? { state.withLock { $0.failure } }

    /// `.snd`, where the sound begins, its length (unknown), 16-bit linear, samples a second, one
    /// channel.
    static func header(rate: Int) -> [UInt8] {
        var header = Array(".snd".utf8)
        for word in [24, UInt32.max, 3, UInt32(truncatingIfNeeded: rate), 1] as [UInt32] {
            withUnsafeBytes(of: word.bigEndian) { header.append(contentsOf: $0) }
        }
        return header
    }

    /// - Returns: why not all of it could be written.
    func append(_ octets: [UInt8]) -> Failure? {
        let written = write(octets)
        let code = errno
        samples += written / 2
        state.withLock { $0.isDirty = true }
        guard written < octets.count else { return nil }
        // Half a sample is none.
        if written % 2 == 1 { _ = ftruncate(descriptor, off_t(24 + 2 * samples)) }
        return note(Failure(what: "writing the recording", code: code))
    }

    /// Brings what was written to the disk, and the directory's entry the first time.
    /// - Returns: what went wrong now and not before.
    func sync() -> Failure? {
        let (isDirty, isNew) = state.withLock { state in
            defer { (state.isDirty, state.isNew) = (false, false) }
            return (state.isDirty, state.isNew)
        }
        if isDirty, fdatasync(descriptor) != 0 {
            return note(Failure(what: "syncing the recording", code: errno))
        }
        if isNew, let failure = syncDirectory() { return note(failure) }
        return nil
    }

    private func note(_ failure: Failure) -> Failure? {
        state.withLock { state in
            guard state.failure == nil else { return nil }
            state.failure = failure
            return failure
        }
    }

    private func syncDirectory() -> Failure? {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return Failure(what: "syncing \(directory)", code: errno) }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
            ? nil : Failure(what: "syncing \(directory)", code: errno)
    }

    /// - Returns: octets written; fewer than there are when the disk takes no more (see `errno`).
    private func write(_ octets: [UInt8]) -> Int {
        octets.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count, let base = buffer.baseAddress {
                let count = Glibc.write(descriptor, base + done, buffer.count - done)
                if count > 0 {
                    done += count
                } else if count == 0 || errno != EINTR {
                    break
                }
            }
            return done
        }
    }
}
