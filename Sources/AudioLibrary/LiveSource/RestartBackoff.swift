import Primitives

/// How long to wait before a live source that ended is started again: twice as long each time, up
/// to half a minute, and from the beginning after it has worked for a while.
struct RestartBackoff: Equatable, Sendable {
    static let first = Interval.milliseconds(500)
    static let longest = Interval.seconds(30)
    /// Who ran for so long is not failing at its start.
    static let steady = Interval.seconds(60)

    private var next = RestartBackoff.first

    /// - Parameter lifetime: how long it ran this time.
    /// - Returns: how long to wait from now.
    mutating func wait(afterLifetime lifetime: Interval) -> Interval {
        if lifetime >= RestartBackoff.steady { next = RestartBackoff.first }
        defer { next = min(RestartBackoff.longest, Interval(nanoseconds: next.nanoseconds * 2)) }
        return next
    }
}
