import Glibc
import Synchronization

/// Remembers the hashes of files by what `stat` says of them, over restarts, so that a file that
/// nobody touched is not read again to find its prepared track.
final class ContentIndex: Sendable {
    private struct State {
        var hashes: [FileIdentity: ContentHash] = [:]
        var hasChanged = false
    }

    private let state = Mutex(State())
    private let path: String

    init(path: String) {
        self.path = path
        guard let descriptor = try? Descriptor(reading: path),
            let size = try? descriptor.status().st_size, size < 1 << 28,
            let octets = try? descriptor.read(at: 0, count: Int(size))
        else { return }
        // The last line is the sum of those before it: a damaged index counts for nothing.
        let lines = octets.split(separator: UInt8(ascii: "\n"))
        guard let last = lines.last,
            let sum = SHA256.digest(octets.prefix(max(0, octets.count - last.count - 1))),
            last.elementsEqual(sum.description.utf8)
        else { return }
        state.withLock { state in
            for line in lines.dropLast() {
                if let (identity, hash) = ContentIndex.parse(line) { state.hashes[identity] = hash }
            }
        }
    }

    subscript(identity: FileIdentity) -> ContentHash? {
        get { state.withLock { $0.hashes[identity] } }
    }

    func note(_ hash: ContentHash, for identity: FileIdentity) {
        state.withLock { state in
            guard state.hashes[identity] != hash else { return }
            state.hashes[identity] = hash
            state.hasChanged = true
        }
    }

    /// Forgets all files but these and writes what changed. A failure costs time at the next start
    /// and nothing else.
    func save(keeping identities: Set<FileIdentity>) {
        let kept: [FileIdentity: ContentHash]? = state.withLock { state in
            let count = state.hashes.count
            state.hashes = state.hashes.filter { identities.contains($0.key) }
            defer { state.hasChanged = false }
            return state.hasChanged || state.hashes.count != count ? state.hashes : nil
        }
        guard let kept else { return }
        var octets: [UInt8] = []
        for (identity, hash) in kept {
            octets += Array(
                "\(identity.device) \(identity.inode) \(identity.size) \(identity.modified) \(identity.changed) \(hash)\n"
                    .utf8)
        }
        guard let sum = SHA256.digest(octets) else { return }
        octets += Array("\(sum)\n".utf8)
        let temporary = "\(path).\(getpid())"
        do throws(SystemError) {
            let descriptor = try Descriptor(creating: temporary)
            try Descriptor.write(octets, to: descriptor.number, at: 0)
            _ = try system("rename") { rename(temporary, path) }
        } catch {
            unlink(temporary)
        }
    }

    private static func parse(_ line: ArraySlice<UInt8>) -> (FileIdentity, ContentHash)? {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.count == 6, let device = UInt64(words[0]), let inode = UInt64(words[1]),
            let size = Int64(words[2]), let modified = Int64(words[3]),
            let changed = Int64(words[4]), let hash = ContentHash(hexadecimal: words[5])
        else { return nil }
        return (
            FileIdentity(
                device: device, inode: inode, size: size, modified: modified, changed: changed),
            hash
        )
    }
}

extension ContentHash {
    /// Reads 64 hexadecimal digits.
    init?(hexadecimal text: some StringProtocol) {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 64, digits.allSatisfy({ $0 != nil }) else { return nil }
        let values = digits.compactMap { $0 }
        self.init(
            octets: stride(from: 0, to: 64, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) })
    }
}
