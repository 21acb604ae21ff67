import Playout

/// Where a live source's sound goes in its ring, and when listeners may hear it.
///
/// The ring is a track of ten seconds that plays round and round by the wall clock; the sound is
/// written half a second before its place is played. Places are counted in units of 10 ms since
/// 1970, so that they are the engine's own without a word between the two. Does no I/O: time and
/// what was written come in.
struct RingSchedule: Equatable, Sendable {
    /// 10 ms, which all formats can be cut at.
    static let unit = MediaTime.milliseconds(10)
    static let length = MediaTime.seconds(10)
    static let units = Int(length.ticks / unit.ticks)
    /// How far the first sound is written ahead of what plays, and what is aimed at later.
    static let lead = MediaTime.milliseconds(500)
    /// No source is taken further ahead: the rest waits in its pipe.
    static let ceiling = MediaTime.seconds(1)
    /// What has to be there before listeners get it.
    static let least = MediaTime.milliseconds(200)
    /// With less than this the longest packet may find nothing.
    static let margin = MediaTime.milliseconds(80)

    /// The unit that the first sound was written to.
    let start: Int64
    /// Units that were written in all formats.
    var written: Int64 = 0

    /// - Parameter now: the wall clock, since 1970.
    init(at now: MediaTime) {
        start = (now + RingSchedule.lead).ticks / RingSchedule.unit.ticks
    }

    /// How far it is written ahead of what plays.
    func level(at now: MediaTime) -> MediaTime { level(of: written, at: now) }

    /// How far ahead of what plays so many units reach.
    func level(of units: Int64, at now: MediaTime) -> MediaTime {
        MediaTime(ticks: (start + units) * RingSchedule.unit.ticks) - now
    }

    /// Units that may be written now.
    /// - Parameter taken: units that went in so far, written or not.
    func room(taken: Int64, at now: MediaTime) -> Int {
        let limit = (now + RingSchedule.ceiling).ticks / RingSchedule.unit.ticks
        return Int(clamping: max(0, min(limit - start - taken, Int64(RingSchedule.units / 2))))
    }

    /// Whether listeners can be given the ring.
    func isReady(at now: MediaTime) -> Bool {
        now.ticks >= start * RingSchedule.unit.ticks
            && level(at: now) >= RingSchedule.least && !hasFailed(at: now)
    }

    /// Whether listeners are about to hear what isn't there, or the clock was set: the sound has
    /// to begin anew.
    func hasFailed(at now: MediaTime) -> Bool {
        let level = level(at: now)
        return level < RingSchedule.margin || level > RingSchedule.ceiling + RingSchedule.ceiling
    }
}
