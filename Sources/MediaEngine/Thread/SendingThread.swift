import CLinux
import Glibc
import Primitives
import Synchronization

/// A thread that sends the streams of one ``StreamTable`` on time.
///
/// Others reach it by a queue that it takes between ticks if nobody holds the lock, and hear from
/// it the same way, so that it never waits for anyone.
final class SendingThread: @unchecked Sendable {  // `table` is used by the thread alone
    private struct Inbox {
        var commands: [StreamCommand] = []
        var isStopping = false
    }

    /// Ticks later than this are left out: their packets would come in one burst.
    private static let latestTick = Interval.milliseconds(250)
    /// Ticks between two publications of statistics and looks at the wall clock.
    private static let housekeeping: Int64 = 100
    /// Commands that may wait.
    static let queueLimit = 65_536

    let number: Int
    private let table: StreamTable<RingSender>
    private let inbox = Mutex(Inbox())
    private let outbox = Mutex<[StreamNotice]>([])
    private let published = Mutex(ThreadStatistics())
    private let wake: EventCounter
    /// Signalled when the outbox has something.
    private let noticeDescriptor: Int32
    private var lateness = MediaEngineStatistics.Lateness()

    init(number: Int, table: StreamTable<RingSender>, noticeDescriptor: Int32)
        throws(MediaEngineError)
    {
        self.number = number
        self.table = table
        self.noticeDescriptor = noticeDescriptor
        wake = try EventCounter()
    }

    // MARK: Called by others

    /// - Returns: false when too many commands wait and `isUrgent` is not set.
    @discardableResult
    func post(_ command: StreamCommand, isUrgent: Bool = true) -> Bool {
        let taken = inbox.withLock { inbox in
            guard isUrgent || inbox.commands.count < SendingThread.queueLimit else { return false }
            inbox.commands.append(command)
            return true
        }
        if taken { wake.signal() }
        return taken
    }

    func stop() {
        inbox.withLock { $0.isStopping = true }
        wake.signal()
    }

    func takeNotices() -> [StreamNotice] {
        outbox.withLock { notices in
            let taken = notices
            notices = []
            return taken
        }
    }

    var statistics: ThreadStatistics { published.withLock { $0 } }

    // MARK: The thread

    func run() {
        clinux_set_timer_slack(1)
        var clock = TickClock(offset: MachineClock.wallOffset())
        var tick = TickClock.tick(notBefore: MachineClock.monotonic())
        var nextHousekeeping = tick
        var commands: [StreamCommand] = []
        var isStopping = false
        while true {
            inbox.withLockIfAvailable { inbox in
                swap(&inbox.commands, &commands)
                isStopping = inbox.isStopping
            }
            if !commands.isEmpty {
                table.prepare(tick: tick, wall: clock.wall(at: tick))
                for command in commands { table.apply(command) }
                // What a burst of new streams took is given back.
                commands.removeAll(keepingCapacity: commands.capacity <= 1024)
            }
            if isStopping {
                table.closeAll()
                publish()
                while !handOutNotices() { sched_yield() }
                return
            }
            let next = table.nextTick(from: tick)
            let hasToSay = !handOutNotices()
            guard let next else {
                publish()
                if waitForCommand(atMost: hasToSay ? .milliseconds(1) : nil) { wake.clear() }
                clock.follow(offset: MachineClock.wallOffset())
                tick = TickClock.tick(notBefore: MachineClock.monotonic())
                continue
            }
            let wait = TickClock.instant(of: next) - MachineClock.monotonic()
            if wait > .microseconds(1500) {
                if waitForCommand(atMost: wait) {
                    wake.clear()
                    tick = max(tick, TickClock.tick(notBefore: MachineClock.monotonic()))
                    tick = min(tick, next)
                    continue
                }
            } else {
                sleep(until: next)
            }
            let late = MachineClock.monotonic() - TickClock.instant(of: next)
            count(late)
            table.advance(
                tick: next, wall: clock.wall(at: next), isSkipped: late > SendingThread.latestTick)
            tick = next + 1
            if next >= nextHousekeeping {
                nextHousekeeping = next + SendingThread.housekeeping
                clock.follow(offset: MachineClock.wallOffset())
                publish()
            }
        }
    }

    private func sleep(until tick: Int64) {
        var time = timespec(tv_sec: Int(tick / 1000), tv_nsec: Int(tick % 1000) * 1_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &time, nil) == EINTR {}
    }

    /// - Returns: whether a command came.
    private func waitForCommand(atMost time: Interval?) -> Bool {
        clinux_wait_readable(wake.descriptor, time?.nanoseconds ?? -1) == 1
    }

    private func count(_ late: Interval) {
        let edges = MediaEngineStatistics.Lateness.edges
        var bucket = 0
        while bucket < edges.count && late > edges[bucket] { bucket += 1 }
        lateness.counts[bucket] += 1
        lateness.sum = lateness.sum + late
        lateness.maximum = max(lateness.maximum, late)
    }

    /// - Returns: false when there is something that nobody could take now.
    private func handOutNotices() -> Bool {
        guard !table.notices.isEmpty else { return true }
        let isDone =
            outbox.withLockIfAvailable { outbox in
                outbox.append(contentsOf: table.notices)
                return true
            } ?? false
        guard isDone else { return false }
        table.notices.removeAll(keepingCapacity: true)
        var one: UInt64 = 1
        _ = write(noticeDescriptor, &one, 8)
        return true
    }

    private func publish() {
        published.withLockIfAvailable { statistics in
            statistics.lanes.removeAll(keepingCapacity: true)
            table.forEachLane { classIndex, format, kind, packets, octets in
                statistics.lanes.append(
                    .init(
                        classIndex: classIndex, format: format, kind: kind, packets: packets,
                        octets: octets))
            }
            statistics.lateness = lateness
            statistics.sendErrors = table.counts.sendErrors
            statistics.skippedTicks = table.counts.skippedTicks
            statistics.rtcpSent = table.counts.rtcpSent
            statistics.ringPackets = table.sender.ringPackets
        }
    }
}
