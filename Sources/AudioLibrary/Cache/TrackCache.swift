import Glibc
import Playout
import Synchronization

/// Prepared tracks on disk, one file each, named by what was prepared and how.
///
/// Files are written beside their place, synced and renamed, so that under a track's name there
/// is only ever a whole one. They are mapped for reading and never changed, so that nothing that
/// is done to a user's own file can disturb what is being played from here.
struct TrackCache: Sendable {
    let directory: String

    init(directory: String) throws(AudioLibraryError) {
        self.directory = directory
        do throws(SystemError) {
            try makeDirectories(directory)
            let probe = "\(directory)/.probe-\(getpid())"
            let descriptor = try Descriptor(creating: probe)
            _ = descriptor.number
            _ = try system("unlink") { unlink(probe) }
        } catch {
            throw .cacheUnusable(path: directory, reason: error.description)
        }
    }

    /// Where the track of this content, prepared in this way, is or would be.
    func path(_ hash: ContentHash, _ settings: PreparationSettings) -> String {
        let digest = SHA256.digest(Array(settings.text.utf8))?.octets.prefix(8) ?? []
        return "\(directory)/\(hash)-\(hexadecimal(digest)).track"
    }

    /// The prepared track; nil when there is none that is whole and has all formats.
    func load(_ hash: ContentHash, _ settings: PreparationSettings) -> PreparedTrack? {
        let path = path(hash, settings)
        do throws(SystemError) {
            let descriptor = try Descriptor(reading: path)
            guard
                let header = TrackHeader(page: try descriptor.read(at: 0, count: TrackHeader.size)),
                header.hash == hash,
                Int64(try descriptor.status().st_size) == header.fileSize,
                settings.formats.allSatisfy({ format in
                    header.sections.contains { $0.format == format }
                })
            else { return nil }
            // So that sweeping sees that it is in use; a cache that can't be written still plays.
            _ = futimens(descriptor.number, nil)
            let mapping = try Mapping(descriptor, size: Int(header.fileSize))
            var renditions: [MediaFormat: Rendition] = [:]
            for section in header.sections where settings.formats.contains(section.format) {
                renditions[section.format] = Rendition(
                    format: section.format, length: header.length,
                    base: mapping.base + Int(section.offset)
                ) { _ = mapping }
            }
            return PreparedTrack(
                hash: hash, title: header.title, length: header.length, renditions: renditions)
        } catch {
            return nil
        }
    }

    /// Writes a track: `fill` gets a function that writes octets of a section at an offset in it.
    func store(
        _ header: TrackHeader, _ settings: PreparationSettings,
        fill: (
            _ write: (_ section: Int, _ offset: Int64, _ octets: [UInt8]) throws(PreparationError)
                -> Void
        ) throws(PreparationError) -> Void
    ) throws(PreparationError) {
        guard let page = header.page else { throw .library("SHA-256 can't be computed") }
        let path = path(header.hash, settings)
        let name = path.split(separator: "/").last ?? ""
        let number = TrackCache.written.add(1, ordering: .relaxed).newValue
        let temporary = "\(directory)/.\(name).\(getpid()).\(number)"
        do throws(PreparationError) {
            try write(header, page, fill: fill, temporary: temporary, path: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Tells the unfinished files of this process apart.
    private static let written = Atomic<Int>(0)

    private func write(
        _ header: TrackHeader, _ page: [UInt8],
        fill: (
            _ write: (_ section: Int, _ offset: Int64, _ octets: [UInt8]) throws(PreparationError)
                -> Void
        ) throws(PreparationError) -> Void,
        temporary: String, path: String
    ) throws(PreparationError) {
        let descriptor: Descriptor
        do throws(SystemError) {
            descriptor = try Descriptor(creating: temporary)
        } catch { throw PreparationError(error) }
        let number = descriptor.number
        try fill { (section, offset, octets) throws(PreparationError) in
            do throws(SystemError) {
                let place = header.sections[section].offset + offset
                try Descriptor.write(octets, to: number, at: place)
            } catch { throw PreparationError(error) }
        }
        do throws(SystemError) {
            try finish(descriptor, page, temporary: temporary, path: path)
        } catch { throw PreparationError(error) }
    }

    private func finish(
        _ descriptor: borrowing Descriptor, _ page: [UInt8], temporary: String, path: String
    ) throws(SystemError) {
        let number = descriptor.number
        try Descriptor.write(page, to: number, at: 0)
        _ = try system("fsync") { fsync(number) }
        _ = try system("rename") { rename(temporary, path) }
        let folder = try Descriptor(reading: directory)
        _ = fsync(folder.number)
    }

    /// Removes tracks that nobody has used for so many days, and what a crash left behind.
    /// - Parameter keeping: paths that are in use now; their time is renewed.
    func sweep(days: Int, keeping: Set<String>) {
        guard let names = try? listDirectory(directory) else { return }
        let now = time(nil)
        for name in names {
            let path = "\(directory)/\(name)"
            let isTrack = name.hasSuffix(".track")
            guard isTrack || (name.hasPrefix(".") && name.contains(".track.")) else { continue }
            if keeping.contains(path) {
                utimensat(AT_FDCWD, path, nil, 0)
                continue
            }
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            let age = now - status.st_mtim.tv_sec
            if age > (isTrack ? days * 86400 : 3600) { unlink(path) }
        }
    }
}

/// A file in memory, read only, until nothing refers to it.
private final class Mapping: @unchecked Sendable {  // stored properties are constants
    let base: UnsafeRawPointer
    private let size: Int

    init(_ descriptor: borrowing Descriptor, size: Int) throws(SystemError) {
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor.number, 0),
            base != MAP_FAILED
        else { throw SystemError(call: "mmap", errno: errno) }
        self.base = UnsafeRawPointer(base)
        self.size = size
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: base), size) }
}
