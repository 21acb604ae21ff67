import Glibc
import Logging

/// Decoded sound files by path and rate, the least used thrown away first; confined to the thread
/// that loads.
struct PromptCache {
    private struct Key: Hashable {
        var path: String
        var rate: Int
    }

    private struct Entry {
        var samples: [Int16]
        var modified: Int64
        var size: Int64
        var used: UInt64
    }

    private var entries: [Key: Entry] = [:]
    private var octets = 0
    private var clock: UInt64 = 0
    private let limit: Int
    private let logger: Logger

    init(limit: Int, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    mutating func samples(of item: PlayItem, rate: Int) -> [Int16] {
        switch item {
        case .tone(let frequency, let milliseconds, let level):
            return Tone.samples(
                frequency: frequency, milliseconds: milliseconds, level: level, rate: rate)
        case .silence(let milliseconds):
            return [Int16](repeating: 0, count: max(0, rate * milliseconds / 1000))
        case .file(let path):
            return samples(ofFile: path, rate: rate)
        }
    }

    private mutating func samples(ofFile path: String, rate: Int) -> [Int16] {
        clock += 1
        var information = stat()
        let isThere = stat(path, &information) == 0
        let modified =
            Int64(information.st_mtim.tv_sec) &* 1_000_000_000
            &+ Int64(information.st_mtim.tv_nsec)
        let size = Int64(information.st_size)
        let key = Key(path: path, rate: rate)
        if isThere, let entry = entries[key], entry.modified == modified, entry.size == size {
            entries[key]?.used = clock
            return entry.samples
        }
        do throws(SoundFile.Unreadable) {
            let samples = try SoundFile.samples(of: path, rate: rate)
            keep(
                Entry(samples: samples, modified: modified, size: size, used: clock), for: key)
            return samples
        } catch {
            logger.warning("a sound can't be played: \(error)")
            return []
        }
    }

    private mutating func keep(_ entry: Entry, for key: Key) {
        if let old = entries.removeValue(forKey: key) { octets -= 2 * old.samples.count }
        let size = 2 * entry.samples.count
        guard size <= limit / 4 else { return }
        while octets + size > limit,
            let oldest = entries.min(by: { $0.value.used < $1.value.used })
        {
            entries[oldest.key] = nil
            octets -= 2 * oldest.value.samples.count
        }
        entries[key] = entry
        octets += size
    }
}
