/// A length of, or a place in, audio: a count of 1/8000 s, whatever the codec.
///
/// 1/8000 s is one octet of G.711 and of G.722, so a place in those is an address. Everything
/// coarser (a frame of Opus) states its unit in ``MediaFormat/unit``.
package struct MediaTime: Hashable, Comparable, Sendable {
    package var ticks: Int64

    @inlinable
    package init(ticks: Int64) { self.ticks = ticks }

    @inlinable
    package static func milliseconds(_ n: Int) -> MediaTime { MediaTime(ticks: Int64(n) &* 8) }

    @inlinable
    package static func seconds(_ n: Int) -> MediaTime { MediaTime(ticks: Int64(n) &* 8000) }

    /// The tick that is under way `nanoseconds` after the epoch of the caller's choice.
    @inlinable
    package init(nanoseconds: Int64) {
        // Rounds down for negative values too, so that ticks are of one length around the epoch.
        ticks = nanoseconds >= 0 ? nanoseconds / 125_000 : -((124_999 &- nanoseconds) / 125_000)
    }

    @inlinable
    package static var zero: MediaTime { MediaTime(ticks: 0) }

    /// The length in seconds.
    @inlinable
    package var seconds: Double { Double(ticks) / 8000 }

    @inlinable
    package static func < (a: MediaTime, b: MediaTime) -> Bool { a.ticks < b.ticks }

    @inlinable
    package static func + (a: MediaTime, b: MediaTime) -> MediaTime {
        MediaTime(ticks: a.ticks &+ b.ticks)
    }

    @inlinable
    package static func - (a: MediaTime, b: MediaTime) -> MediaTime {
        MediaTime(ticks: a.ticks &- b.ticks)
    }
}
