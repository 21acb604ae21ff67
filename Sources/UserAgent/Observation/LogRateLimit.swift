package import Primitives

/// Lets a few log lines of one kind through per period and counts the rest, so that a stranger
/// can't fill the disk.
package struct LogRateLimit {
    private let lines: Int
    private let period: Interval
    private var periodEnd = Instant(nanoseconds: 0)
    private var used = 0
    private var suppressed: UInt64 = 0

    package init(lines: Int = 10, per period: Interval = .seconds(10)) {
        self.lines = lines
        self.period = period
    }

    /// - Returns: nil when the line is to be left out, else how many were before this one.
    package mutating func admit(_ now: Instant) -> UInt64? {
        if now >= periodEnd {
            periodEnd = now + period
            used = 0
        }
        guard used < lines else {
            suppressed += 1
            return nil
        }
        used += 1
        defer { suppressed = 0 }
        return suppressed
    }
}
