import CLinux
import Glibc
package import Playout

/// A playlist with its audio as plain addresses, so that a sending thread touches no object.
package final class PreparedPlaylist: @unchecked Sendable {  // all stored properties are constants
    package let programme: Programme
    package let formats: Set<MediaFormat>
    private let playlist: Playlist
    /// For each format by raw value: where each segment starts.
    private let bases: [UnsafeMutablePointer<UnsafeRawPointer>?]

    package init(_ playlist: Playlist) {
        self.playlist = playlist
        programme = playlist.programme
        formats = Set(playlist.renditions.keys)
        var bases = [UnsafeMutablePointer<UnsafeRawPointer>?](
            repeating: nil, count: MediaFormat.allCases.count)
        for (format, segments) in playlist.renditions {
            let table = UnsafeMutablePointer<UnsafeRawPointer>.allocate(capacity: segments.count)
            for (i, segment) in segments.enumerated() {
                (table + i).initialize(to: segment.base)
            }
            bases[Int(format.rawValue)] = table
        }
        self.bases = bases
    }

    deinit {
        for table in bases { table?.deallocate() }
    }

    package func base(of segment: Int, in format: MediaFormat) -> UnsafeRawPointer? {
        bases[Int(format.rawValue)]?[segment]
    }

    /// Takes the audio out of what `mlockall` locks: a library of music must be able to leave
    /// memory again.
    package func unlockMemory() {
        for segments in playlist.renditions.values {
            for segment in segments where segment.octets >= 1 << 16 {
                munlock(segment.base, segment.octets)
            }
        }
    }

    /// How much of what will be played is read from disk before it is needed.
    static let readAhead = MediaTime.seconds(4)

    /// Reads what plays in `format` from `ticks` on for ``readAhead`` into memory, so that a
    /// sending thread does not wait for a disk.
    func readAhead(_ cursor: inout ProgrammeCursor, _ format: MediaFormat, from: Int64) {
        var at = from
        let to = from + PreparedPlaylist.readAhead.ticks
        while at < to {
            let found = cursor.locate(MediaTime(ticks: at))
            let step = max(1, min(found.remaining.ticks, to - at))
            if let pages = pages(of: found.segment, in: format, found.offset.ticks, step) {
                clinux_populate(pages.baseAddress, UInt(pages.count))
            }
            at += step
        }
    }

    /// Has the kernel read the beginning of what a stream will play, and doesn't wait for it.
    func expect(_ found: ProgrammePosition, in format: MediaFormat) {
        let length = min(found.remaining, PreparedPlaylist.readAhead).ticks
        if let pages = pages(of: found.segment, in: format, found.offset.ticks, length) {
            clinux_will_need(pages.baseAddress, UInt(pages.count))
        }
    }

    /// The memory pages that hold `length` ticks of a segment from `offset` on.
    private func pages(
        of segment: Int, in format: MediaFormat, _ offset: Int64, _ length: Int64
    ) -> UnsafeRawBufferPointer? {
        guard let base = base(of: segment, in: format) else { return nil }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let unit = format.unit.ticks
        let start = Int(offset / unit) * format.octetsPerUnit
        let octets = Int(length / unit + 1) * format.octetsPerUnit
        let address = Int(bitPattern: base + start)
        let aligned = address / page * page
        return UnsafeRawBufferPointer(
            start: UnsafeRawPointer(bitPattern: aligned), count: address + octets - aligned)
    }
}
