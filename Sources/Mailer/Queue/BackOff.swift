package import Primitives

/// How long to wait before a failed delivery is tried again.
package struct BackOff: Sendable, Equatable {
    package var first: Interval = .seconds(30)
    /// Each wait is this many times the one before.
    package var factor = 2.0
    package var maximum: Interval = .seconds(3600)

    package init() {}

    /// - Parameters:
    ///   - attempts: that failed, from 1.
    ///   - jitter: 0 to 1, at random: spreads what failed together over half the wait.
    package func wait(after attempts: Int, jitter: Double) -> Interval {
        var seconds = first.seconds
        for _ in 1..<max(2, min(attempts, 64)) where attempts > 1 {
            seconds = min(seconds * factor, maximum.seconds)
        }
        seconds = min(seconds, maximum.seconds) * (0.75 + 0.5 * min(max(jitter, 0), 1))
        return Interval(nanoseconds: Int64(seconds * 1e9))
    }
}

extension WallClockTime {
    static func - (a: WallClockTime, b: Interval) -> WallClockTime {
        WallClockTime(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }

    static func + (a: WallClockTime, b: Interval) -> WallClockTime {
        WallClockTime(nanoseconds: a.nanoseconds &+ b.nanoseconds)
    }

    static func - (a: WallClockTime, b: WallClockTime) -> Interval {
        Interval(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }
}
