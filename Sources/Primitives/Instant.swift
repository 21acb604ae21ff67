/// A moment on the monotonic clock, as a sans-I/O core sees it: passed in, never read.
///
/// Eight octets, so that an action that holds one stays cheap to return.
package struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since an epoch that only the clock's owner knows (on Linux: CLOCK_MONOTONIC).
    package var nanoseconds: Int64

    @inlinable
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable
    package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    @inlinable
    package static func + (a: Instant, b: Interval) -> Instant {
        Instant(nanoseconds: a.nanoseconds &+ b.nanoseconds)
    }

    @inlinable
    package static func - (a: Instant, b: Interval) -> Instant {
        Instant(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }

    @inlinable
    package static func - (a: Instant, b: Instant) -> Interval {
        Interval(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }
}

/// A length of time in nanoseconds.
package struct Interval: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    @inlinable
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable
    package static func seconds(_ n: Int) -> Interval {
        Interval(nanoseconds: Int64(n) &* 1_000_000_000)
    }

    @inlinable
    package static func milliseconds(_ n: Int) -> Interval {
        Interval(nanoseconds: Int64(n) &* 1_000_000)
    }

    @inlinable
    package static func microseconds(_ n: Int) -> Interval {
        Interval(nanoseconds: Int64(n) &* 1_000)
    }

    @inlinable
    package static var zero: Interval { Interval(nanoseconds: 0) }

    /// The length in seconds.
    @inlinable
    package var seconds: Double { Double(nanoseconds) / 1e9 }

    @inlinable
    package static func < (a: Interval, b: Interval) -> Bool { a.nanoseconds < b.nanoseconds }

    @inlinable
    package static func + (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds &+ b.nanoseconds)
    }

    @inlinable
    package static func - (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }

    @inlinable
    package static func * (a: Interval, n: Int) -> Interval {
        Interval(nanoseconds: a.nanoseconds &* Int64(n))
    }
}

/// A moment on the wall clock, shared by all nodes (CLOCK_REALTIME).
package struct WallClockTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package var nanoseconds: Int64

    @inlinable
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable
    package static func < (a: WallClockTime, b: WallClockTime) -> Bool {
        a.nanoseconds < b.nanoseconds
    }
}

extension WallClockTime: Codable {
    package init(from decoder: any Decoder) throws {
        nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}
