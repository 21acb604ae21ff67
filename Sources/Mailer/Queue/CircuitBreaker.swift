package import Primitives

/// Whether a relay is worth trying: after a failure it is left alone for a while, then one delivery
/// tries it for all.
///
///     closed --failure--> open --time--> probing --success--> closed
///                           ^----failure----'
package struct CircuitBreaker: Sendable, Equatable {
    package static let firstWait: Interval = .seconds(5)
    package static let longestWait: Interval = .seconds(300)
    /// Deliveries that failed in their middle, in a row, after which the relay counts as failed.
    package static let stumbles = 5

    private enum State: Equatable {
        case closed(stumbles: Int)
        case open(until: WallClockTime, wait: Interval)
        case probing(wait: Interval)
    }
    private var state = State.closed(stumbles: 0)

    package init() {}

    /// Until when the relay is left alone; nil when it isn't.
    package var opens: WallClockTime? {
        if case .open(let until, _) = state { return until }
        return nil
    }

    package var isClosed: Bool {
        if case .closed = state { return true }
        return false
    }

    package func permits(at now: WallClockTime) -> Bool {
        switch state {
        case .closed: true
        case .open(let until, _): until <= now
        case .probing: false
        }
    }

    /// A delivery that was permitted begins.
    package mutating func begin() {
        if case .open(_, let wait) = state { state = .probing(wait: wait) }
    }

    /// A delivery that was permitted did not come to speak with the relay.
    package mutating func withdrawn(at now: WallClockTime) {
        if case .probing(let wait) = state { state = .open(until: now, wait: wait) }
    }

    package mutating func succeeded() { state = .closed(stumbles: 0) }

    /// The relay could not be spoken with.
    /// - Parameter jitter: 0 to 1, at random.
    package mutating func failed(at now: WallClockTime, jitter: Double) {
        let wait: Interval
        switch state {
        case .closed: wait = CircuitBreaker.firstWait
        case .probing(let last): wait = min(last * 2, CircuitBreaker.longestWait)
        // A delivery that had begun before: it says nothing new.
        case .open: return
        }
        let spread = Interval(nanoseconds: Int64(wait.seconds * 0.25e9 * min(max(jitter, 0), 1)))
        state = .open(until: now + wait + spread, wait: wait)
    }

    /// A delivery broke off in the middle, which may be for the message's sake.
    package mutating func stumbled(at now: WallClockTime, jitter: Double) {
        guard case .closed(let count) = state, count + 1 < CircuitBreaker.stumbles else {
            return failed(at: now, jitter: jitter)
        }
        state = .closed(stumbles: count + 1)
    }
}
