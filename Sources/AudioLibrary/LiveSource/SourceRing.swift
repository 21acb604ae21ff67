import Playout

/// Memory that a live source is written to in every format while it is being sent: a playlist of
/// one track of ten seconds, played round and round by the wall clock.
///
/// Half a second of writing ahead keeps the writer and the senders apart; nothing else does, and
/// nothing has to, since what a late writer leaves is old sound and no harm.
final class SourceRing: @unchecked Sendable {  // written by one thread; see above
    let playlist: Playlist
    private let formats: [MediaFormat]
    private let memory: [UnsafeMutableRawBufferPointer]
    /// Octets written in each format since the source's first.
    private var octets: [Int]
    private var start: Int64 = 0

    init?(formats: [MediaFormat]) {
        self.formats = formats
        octets = Array(repeating: 0, count: formats.count)
        var memory: [UnsafeMutableRawBufferPointer] = []
        var renditions: [MediaFormat: [Rendition]] = [:]
        for format in formats {
            let buffer = UnsafeMutableRawBufferPointer.allocate(
                byteCount: format.octets(of: RingSchedule.length), alignment: 64)
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            memory.append(buffer)
            guard let base = buffer.baseAddress else { return nil }
            nonisolated(unsafe) let allocation = buffer
            renditions[format] = [
                Rendition(
                    format: format, length: RingSchedule.length, base: UnsafeRawPointer(base)
                ) { allocation.deallocate() }
            ]
        }
        self.memory = memory
        guard let programme = Programme(lengths: [RingSchedule.length], order: .sequential),
            let playlist = Playlist(programme: programme, renditions: renditions)
        else { return nil }
        self.playlist = playlist
    }

    /// The next octets of each format go to the beginning of this unit.
    func begin(at unit: Int64) {
        start = unit
        for i in octets.indices { octets[i] = 0 }
    }

    func write(_ format: Int, _ part: [UInt8]) {
        let buffer = memory[format]
        let unit = octetsPerUnit(format)
        let first = Int(start % Int64(RingSchedule.units)) * unit
        var at = (first + octets[format]) % buffer.count
        var done = 0
        part.withUnsafeBytes { part in
            while done < part.count {
                let count = min(part.count - done, buffer.count - at)
                UnsafeMutableRawBufferPointer(rebasing: buffer[at..<at + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: part[done..<done + count]))
                done += count
                at = (at + count) % buffer.count
            }
        }
        octets[format] += part.count
    }

    /// Units that are whole in every format.
    var written: Int64 {
        formats.indices.map { Int64(octets[$0] / octetsPerUnit($0)) }.min() ?? 0
    }

    private func octetsPerUnit(_ format: Int) -> Int {
        formats[format].octets(of: RingSchedule.unit)
    }
}
