package import Primitives

/// Errors of one destination in a row: one is chance, several over two seconds are an answer.
package struct FailureRun: Sendable {
    private static let least = 3
    private static let span = Interval.seconds(2)
    /// Longer without an error is a success in between.
    private static let gap = Interval.seconds(5)

    private var count = 0
    private var first = Instant(nanoseconds: 0)
    private var last = Instant(nanoseconds: 0)
    private var isReported = false

    package init() {}

    /// - Returns: true once, when the destination must be taken for unreachable.
    package mutating func fail(at now: Instant) -> Bool {
        if count == 0 || now - last > FailureRun.gap {
            self = FailureRun()
            first = now
        }
        count += 1
        last = now
        guard !isReported, count >= FailureRun.least, now - first >= FailureRun.span else {
            return false
        }
        isReported = true
        return true
    }

    /// Whether no error is remembered.
    package var isEmpty: Bool { count == 0 }

    package mutating func succeed() { self = FailureRun() }
}
