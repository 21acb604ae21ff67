import Playout
import Synchronization

/// A playlist of noise, of which every octet is known.
struct Music {
    /// Renditions whose memory was given back.
    final class Releases: Sendable {
        private let value = Atomic(0)
        var count: Int { value.load(ordering: .relaxed) }
        func add() { value.add(1, ordering: .relaxed) }
    }

    let playlist: Playlist
    let releases = Releases()
    /// By format, then segment.
    let octets: [MediaFormat: [[UInt8]]]
    var programme: Programme { playlist.programme }

    /// - Parameter lengths: of the tracks, in ticks.
    init(
        lengths: [Int64], formats: [MediaFormat] = [.pcmu], order: Programme.Order = .sequential,
        announcement: Programme.Announcement? = nil, seed: UInt64 = 1
    ) throws {
        let lengths = lengths.map { MediaTime(ticks: $0) }
        guard
            let programme = Programme(lengths: lengths, order: order, announcement: announcement)
        else { throw Unusable() }
        var random = SplitMix64(seed: seed)
        var octets: [MediaFormat: [[UInt8]]] = [:]
        var renditions: [MediaFormat: [Rendition]] = [:]
        for format in formats {
            for length in lengths + (announcement.map { [$0.length] } ?? []) {
                let units = (length.ticks + format.unit.ticks - 1) / format.unit.ticks
                let count = Int(units) * format.octetsPerUnit
                let segment = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                octets[format, default: []].append(segment)
                renditions[format, default: []].append(
                    Music.rendition(segment, format, length, releases))
            }
        }
        guard let playlist = Playlist(programme: programme, renditions: renditions) else {
            throw Unusable()
        }
        self.playlist = playlist
        self.octets = octets
    }

    struct Unusable: Error {}

    private static func rendition(
        _ octets: [UInt8], _ format: MediaFormat, _ length: MediaTime, _ releases: Releases
    ) -> Rendition {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: octets.count, alignment: 16)
        octets.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: memory, count: $0.count).copyMemory(from: $0)
        }
        let address = UInt(bitPattern: memory)
        return Rendition(format: format, length: length, base: memory) {
            UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
            releases.add()
        }
    }

    /// What a packet that starts at `start` must hold, worked out unit by unit from the programme.
    func payload(_ format: MediaFormat, packetTime: Int, at start: MediaTime) -> [UInt8] {
        var result = format.payloadPrefix(packetTime: packetTime)
        var cursor = ProgrammeCursor(programme)
        let unit = format.unit.ticks
        for i in 0..<(Int64(packetTime) * 8 / unit) {
            let found = cursor.locate(MediaTime(ticks: start.ticks + i * unit))
            let at = Int(found.offset.ticks / unit) * format.octetsPerUnit
            if let segment = octets[format]?[found.segment] {
                result += segment[at..<(at + format.octetsPerUnit)]
            }
        }
        return result
    }
}
