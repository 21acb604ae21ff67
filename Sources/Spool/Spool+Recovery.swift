internal import FoundationEssentials
import Glibc
internal import Primitives

extension Spool {
    /// What is to become of a recording that a stop of the process cut off.
    package enum Verdict: Sendable, Equatable {
        case queue
        case discard(reason: String)
    }

    /// What a start found.
    package enum Recovery: Sendable, Equatable {
        case queued(MessageIdentifier)
        case discarded(MessageIdentifier, reason: String)
        /// There is sound, but nothing says whose: kept in `failed/`.
        case setAside(name: String, cause: String)
        /// An empty shell: the process ended before anything was said.
        case removed(name: String)
    }

    /// Finishes what an earlier life of the process left in `recording/` and half removed. To be
    /// called before the first call is taken.
    /// - Parameter classify: decides by the envelope and the message's directory, and puts into the
    ///   envelope what the recording tells: its rate, and where there is speech.
    package func recover(
        classify: (inout Envelope, String) -> Verdict
    ) throws(SpoolError) -> [Recovery] {
        var found: [Recovery] = []
        do throws(SystemError) {
            let trash = "\(directory)/\(Spool.trash)"
            for name in try DirectoryHandle(trash).names() {
                try Spool.removeTree("\(trash)/\(name)")
            }
            let recordings = try DirectoryHandle(path(of: .recording))
            // Other processes that put messages there are let finish.
            _ = try recordings.lock(waits: true)
            for name in try recordings.names().sorted() {
                found.append(try recover(name, classify))
            }
        } catch {
            throw .system(error)
        }
        return found
    }

    private func recover(
        _ name: String, _ classify: (inout Envelope, String) -> Verdict
    ) throws(SystemError) -> Recovery {
        let path = "\(path(of: .recording))/\(name)"
        var information = stat()
        guard let id = MessageIdentifier(name), stat(path, &information) == 0,
            information.st_mode & S_IFMT == S_IFDIR
        else { return try setAside(name, "it is no message's directory") }
        let message = try DirectoryHandle(path)
        let samples = AudioLength.samples(inFileAt: "\(path)/\(Spool.audioFile)")
        do throws(SpoolError) {
            var envelope = try envelope(in: message)
            guard envelope.id == id else {
                return try aside(name, "its envelope belongs to message \(envelope.id)")
            }
            let isDecided = envelope.samples != nil
            envelope.samples = samples
            // Its end was written: what was to become of it had been decided.
            if isDecided, samples > 0, message.size(of: Spool.discardFile) == nil {
                try finish(envelope)
                return .queued(id)
            }
            let verdict =
                samples == 0 ? .discard(reason: "nothing was said") : classify(&envelope, path)
            if envelope.ended == nil {
                let length = Double(samples) / Double(max(1, envelope.sampleRate))
                envelope.ended = WallClockTime(
                    nanoseconds: envelope.began.nanoseconds &+ Int64(min(length, 1e6) * 1e9))
                envelope.ending = .interrupted
            }
            switch verdict {
            case .queue:
                try finish(envelope)
                return .queued(id)
            case .discard(let reason):
                try discard(envelope, reason: reason)
                return .discarded(id, reason: reason)
            }
        } catch {
            if case .system(let error) = error { throw error }
            // `begin` had not come to its end, so there was no sound yet.
            guard samples > 0 || message.size(of: Spool.audioFile) ?? 0 > 0 else {
                try Spool.removeTree(path)
                return .removed(name: name)
            }
            return try setAside(name, "\(error)")
        }
    }

    private func aside(_ name: String, _ cause: String) throws(SpoolError) -> Recovery {
        do throws(SystemError) {
            return try setAside(name, cause)
        } catch {
            throw .system(error)
        }
    }

    private func setAside(_ name: String, _ cause: String) throws(SystemError) -> Recovery {
        let source = "\(path(of: .recording))/\(name)"
        let target = "\(path(of: .failed))/\(name)"
        try system("rename", source) { rename(source, target) }
        try DirectoryHandle(path(of: .failed)).sync()
        try DirectoryHandle(path(of: .recording)).sync()
        return .setAside(name: name, cause: cause)
    }
}
