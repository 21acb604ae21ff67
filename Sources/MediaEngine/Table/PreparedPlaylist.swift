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

    /// Reads what plays in `format` from `ticks` on for `length` ticks into memory, so that a
    /// sending thread does not wait for a disk.
    func readAhead(_ cursor: inout ProgrammeCursor, _ format: MediaFormat, from: Int64, to: Int64) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        var at = from
        while at < to {
            let found = cursor.locate(MediaTime(ticks: at))
            let step = max(1, min(found.remaining.ticks, to - at))
            if let base = base(of: found.segment, in: format) {
                let unit = format.unit.ticks
                let start = Int(found.offset.ticks / unit) * format.octetsPerUnit
                let octets = Int(step / unit + 1) * format.octetsPerUnit
                let address = Int(bitPattern: base + start)
                let aligned = address / page * page
                if let pointer = UnsafeRawPointer(bitPattern: aligned) {
                    clinux_populate(pointer, UInt(address + octets - aligned))
                }
            }
            at += step
        }
    }
}
