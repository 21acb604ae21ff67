import Playout
import Primitives

/// What one run of a live source's command has given, on its way into the ring.
///
/// Sound that comes too late is a new beginning: the encoders start afresh, half a second ahead of
/// what plays then.
struct SourceSession {
    /// The most that is read at once.
    private static let piece = MediaTime.milliseconds(100)

    private let ring: SourceRing
    private let formats: [MediaFormat]
    private let volume: Double
    private var format: SourceFormat?
    /// Octets that make no whole header or frame yet.
    private var rest: [UInt8] = []
    private var encoder: SourceEncoder?
    private var schedule: RingSchedule?
    private var drift = DriftControl()
    private var lastDrift = Instant(nanoseconds: 0)

    init(ring: SourceRing, formats: [MediaFormat], volume: Double) {
        self.ring = ring
        self.formats = formats
        self.volume = volume
    }

    /// Octets that can be taken now.
    func wanted(at now: MediaTime) -> Int {
        guard let format else { return 4096 }
        guard let schedule, let encoder else { return format.octets(of: SourceSession.piece) }
        let room = schedule.room(taken: encoder.taken, at: now)
        let time = min(
            SourceSession.piece, MediaTime(ticks: Int64(room) * RingSchedule.unit.ticks))
        return format.octets(of: time)
    }

    /// Whether listeners can be given the ring.
    func isReady(at now: MediaTime) -> Bool { schedule?.isReady(at: now) ?? false }

    /// Whether there is nothing in the ring, or not for long.
    func hasRunOut(at now: MediaTime) -> Bool { schedule?.hasFailed(at: now) ?? true }

    /// Forgets what is in the ring; the next sound is a new beginning.
    mutating func beginAnew() {
        schedule = nil
        encoder = nil
        drift = DriftControl()
    }

    /// - Parameter isAll: there is no more for the moment.
    mutating func take(
        _ octets: [UInt8], isAll: Bool, at now: MediaTime, clock: Instant
    ) throws(PreparationError) {
        rest += octets
        if format == nil {
            switch SourceHeader(rest) {
            case .incomplete: return
            case .fault(let why): throw .library(why)
            case .format(let found, let length):
                format = found
                rest.removeFirst(length)
            }
        }
        guard let format else { return }
        let whole = rest.count / format.octetsPerFrame * format.octetsPerFrame
        guard whole > 0 else { return }
        if schedule == nil {
            let new = RingSchedule(at: now)
            ring.begin(at: new.start)
            schedule = new
            lastDrift = clock
            encoder = try SourceEncoder(format, formats: formats, volume: volume)
        }
        let ring = ring
        try encoder?.feed(rest[..<whole]) { ring.write($0, $1) }
        rest.removeFirst(whole)
        schedule?.written = ring.written
        if let schedule, let encoder {
            let level = schedule.level(of: encoder.taken, at: now)
            encoder.setSpeed(
                drift.speed(level: level, isWaiting: !isAll, elapsed: clock - lastDrift))
            lastDrift = clock
        }
    }

    /// Lets the last of the sound into the ring; the silence that drives it out is not counted.
    mutating func finish() throws(PreparationError) {
        guard let encoder else { return }
        let taken = encoder.taken
        let ring = ring
        try encoder.finish { ring.write($0, $1) }
        schedule?.written = min(taken, ring.written)
    }
}
