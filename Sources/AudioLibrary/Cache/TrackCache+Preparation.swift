import Glibc
import Playout

extension TrackCache {
    /// The track of an open file: from the cache, or made now.
    ///
    /// The file may change at any moment, even while it is read. It is read and never mapped, and
    /// what came of it is thrown away when the file was touched meanwhile.
    /// - Parameters:
    ///   - known: the file's hash, where it needs no finding out.
    ///   - progress: told what share is done, 0 to 1; false ends the work.
    func prepare(
        _ descriptor: borrowing Descriptor, known: ContentHash?, settings: PreparationSettings,
        progress: (Double) -> Bool = { _ in true }
    ) throws(PreparationError) -> PreparedTrack {
        let before = try identity(descriptor)
        let hash: ContentHash
        if let known {
            hash = known
        } else {
            hash = try contentHash(descriptor, size: before.size) { progress($0 * 0.05) }
        }
        if let track = load(hash, settings) {
            guard try identity(descriptor) == before else { throw .changed }
            return track
        }
        do throws(PreparationError) {
            try make(descriptor, hash, settings, before, progress)
        } catch {
            // A file that was cut under the reader's hands is not to blame for how it read.
            if !error.isPassing, try identity(descriptor) != before { throw .changed }
            throw error
        }
        guard let track = load(hash, settings) else {
            throw .library("the track just written to \(path(hash, settings)) can't be read")
        }
        return track
    }

    private func make(
        _ descriptor: borrowing Descriptor, _ hash: ContentHash, _ settings: PreparationSettings,
        _ before: FileIdentity, _ progress: (Double) -> Bool
    ) throws(PreparationError) {
        var source = try AudioFile(descriptor)
        let expected = source.expectedFrames
        // Measuring takes about a third of the time.
        let preparation = try TrackPreparation(measuring: &source, settings: settings) { done in
            progress(0.05 + 0.3 * min(1, Double(done) / Double(max(1, expected))))
        }
        try source.checkCompleteness(frames: preparation.frames)
        let header = TrackHeader(
            hash: hash, length: preparation.length, loudness: preparation.loudness,
            title: source.title, formats: settings.formats)
        var offsets = [Int64](repeating: 0, count: settings.formats.count)
        let frames = Double(preparation.frames)
        try store(header, settings) { write throws(PreparationError) in
            try preparation.encode(&source) { done in
                progress(0.35 + 0.65 * Double(done) / frames)
            } write: { (format, octets) throws(PreparationError) in
                try write(format, offsets[format], octets)
                offsets[format] += Int64(octets.count)
            }
            guard try identity(descriptor) == before else { throw .changed }
        }
    }
}

/// What tells one state of a file from another without reading it. The change time can't be set
/// by anyone, so that it gives away even a writer who puts the modification time back.
struct FileIdentity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    /// Nanoseconds since 1970.
    var modified: Int64
    /// Nanoseconds since 1970.
    var changed: Int64
}

extension FileIdentity {
    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }
}

private func identity(_ descriptor: borrowing Descriptor) throws(PreparationError) -> FileIdentity {
    do throws(SystemError) {
        return FileIdentity(try descriptor.status())
    } catch { throw PreparationError(error) }
}

private func contentHash(
    _ descriptor: borrowing Descriptor, size: Int64, progress: (Double) -> Bool
) throws(PreparationError) -> ContentHash {
    var hash = SHA256()
    var at: Int64 = 0
    while true {
        let octets: [UInt8]
        do throws(SystemError) {
            octets = try descriptor.read(at: at, count: 1 << 17)
        } catch { throw PreparationError(error) }
        if octets.isEmpty { break }
        hash.update(octets)
        at += Int64(octets.count)
        guard progress(min(1, Double(at) / Double(max(1, size)))) else { throw .cancelled }
    }
    guard let result = hash.finish() else { throw .library("SHA-256 can't be computed") }
    return result
}
