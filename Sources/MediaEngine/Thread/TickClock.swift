package import Primitives

/// The grid of ticks and the wall clock that belongs to it.
///
/// Tick n is millisecond n of the monotonic clock. Both of Linux's clocks are slewed together, so
/// the wall clock differs from it by a constant until somebody sets the clock. Then the programme
/// jumps to where the new time wants it; packets go on in their rhythm.
package struct TickClock: Sendable {
    /// Differences below this are noise of measuring: to follow them would cut the music.
    package static let tolerance: Int64 = 2_000_000

    private var offset: Int64

    /// - Parameter offset: wall clock less monotonic clock in nanoseconds.
    package init(offset: Int64) { self.offset = offset }

    package mutating func follow(offset: Int64) {
        if abs(offset &- self.offset) > TickClock.tolerance { self.offset = offset }
    }

    package func wall(at tick: Int64) -> WallClockTime {
        WallClockTime(nanoseconds: tick &* 1_000_000 &+ offset)
    }

    /// The first tick that is not before `now`.
    package static func tick(notBefore now: Instant) -> Int64 {
        (now.nanoseconds &+ 999_999) / 1_000_000
    }

    package static func instant(of tick: Int64) -> Instant {
        Instant(nanoseconds: tick &* 1_000_000)
    }
}
