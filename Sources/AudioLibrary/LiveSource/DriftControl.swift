import Playout
import Primitives

/// Keeps a live source's sound half a second ahead of what plays, though its clock isn't ours: says
/// how much faster than by its rate the source is to be taken.
///
/// A source that has more in its pipe than we take waits for us, so that there is nothing to follow.
/// The answer is at most 0.2 %, a thirtieth of a semitone, and changes over seconds.
struct DriftControl: Equatable, Sendable {
    static let limit = 0.002
    /// Of the excess, per second. 100 ppm of drift leave 25 ms of it.
    private static let strength = 0.004
    /// Over which the level is averaged, since sources come in pieces.
    private static let smoothing = 10.0

    private var excess = 0.0

    /// - Parameters:
    ///   - level: how far the sound is ahead.
    ///   - isWaiting: there was more in the pipe.
    ///   - elapsed: since the last call.
    /// - Returns: 1 for the source's own speed, more to take it faster.
    mutating func speed(level: MediaTime, isWaiting: Bool, elapsed: Interval) -> Double {
        let now = isWaiting ? 0 : (level - RingSchedule.lead).seconds
        let share = min(1, elapsed.seconds / DriftControl.smoothing)
        excess += (now - excess) * share
        let correction = DriftControl.strength * excess
        return 1 + max(-DriftControl.limit, min(DriftControl.limit, correction))
    }
}
