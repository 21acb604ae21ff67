import Glibc
package import Primitives

/// The machine's clocks.
package enum MachineClock {
    package static func monotonic() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }

    package static func wall() -> WallClockTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallClockTime(
            nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }

    /// Wall clock less monotonic clock, read as closely together as it comes out of a few tries.
    static func wallOffset() -> Int64 {
        var best = Int64.max
        var offset: Int64 = 0
        for _ in 0..<5 {
            let before = monotonic().nanoseconds
            let wall = wall().nanoseconds
            let after = monotonic().nanoseconds
            if after - before < best {
                best = after - before
                offset = wall - before - (after - before) / 2
            }
        }
        return offset
    }
}
