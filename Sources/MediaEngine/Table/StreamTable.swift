import CLinux
import Glibc
import Playout
package import Primitives
import RTP

/// All streams of one sending thread, as a function of time: what is sent at each tick.
///
/// It reads no clock and makes no decision about who may have a stream. A tick is a millisecond
/// counted from the owner's choice; with each comes the wall clock, which decides what a class
/// plays at that moment. Owned by one thread. Nothing is allocated, retained or locked per packet:
/// that happens only in ``apply(_:)`` and where a track ends.
///
/// Its parts are in files of their own: what is sent each tick (`+Packets`), where the audio lies
/// (`+Audio`), who plays what (`+Playlists`, `+Lanes`), what is asked of it (`+Commands`), slots
/// (`+Placement`), streams on trial (`+Trial`), RTCP (`+Reports`), groups (`+Multicast`).
package final class StreamTable<Sender: PacketSender> {
    package struct Counts: Sendable {
        package var sendErrors: UInt64 = 0
        package var skippedTicks: UInt64 = 0
        package var rtcpSent: UInt64 = 0

        package init() {}
    }

    package internal(set) var counts = Counts()
    package internal(set) var sender: Sender
    /// What happened since it was last taken; the owner takes it and empties it.
    package var notices: [StreamNotice] = []

    let capacity: Int
    let cappedInterval: Int64
    let rtcpInterval: Int64
    var random: SplitMix64
    let composer: RTCPComposer

    let records: UnsafeMutablePointer<StreamRecord>
    /// One above the highest number in use.
    var recordEnd = 0
    var wheels: [Wheel]
    var lanes: UnsafeMutablePointer<Lane>
    var laneCount = 0
    var laneCapacity = 64
    var players: [Player?] = []
    var classes: [ClassState] = []
    var multicasts: [MulticastState] = []
    var starting: [Int32] = []
    var capped: [Int32] = []
    var pausedCount = 0
    /// The first tick whose share of the paused streams has not been looked at.
    var pausedTurn: Int64 = 0
    /// Programme time at which a class's next playlist has become its current one everywhere.
    var nextPromotion: Int64 = .max

    /// The tick to come: commands act as of it.
    var tick: Int64 = 0
    /// Wall clock of ``tick`` in nanoseconds, and as programme time.
    var wall: Int64 = 0
    var live: Int64 = 0

    /// Room for personal packets that are put together from several runs, one for each place of a
    /// block.
    let scratch: UnsafeMutableRawPointer
    let scratchStride: Int
    /// Streams of a block whose report is due.
    let due: UnsafeMutablePointer<Int32>
    var dueCount = 0
    static var maximumDue: Int { 32 }
    let single: UnsafeMutablePointer<clinux_mmsghdr>
    let singleVectors: UnsafeMutablePointer<iovec>
    let singleHeader: UnsafeMutablePointer<PacketHeader>
    let singleAddress: UnsafeMutablePointer<sockaddr_in6>

    /// - Parameters:
    ///   - capacity: streams have numbers below this.
    ///   - maximumPayload: no packet has more octets of audio.
    ///   - cappedInterval: ticks between two packets of a capped stream.
    ///   - rtcpInterval: ticks between two reports of a stream before randomisation.
    package init(
        capacity: Int, maximumPayload: Int, cappedInterval: Int64, rtcpInterval: Int64,
        cname: String, seed: UInt64, sender: Sender
    ) {
        self.capacity = capacity
        self.cappedInterval = max(10, cappedInterval)
        self.rtcpInterval = max(100, rtcpInterval)
        self.sender = sender
        random = SplitMix64(seed: seed)
        composer = RTCPComposer(cname: cname)
        records = .allocate(capacity: capacity)
        wheels = PacketTime.all.map { Wheel(packetTime: $0) }
        lanes = .allocate(capacity: laneCapacity)
        scratchStride = (maximumPayload + 15) / 16 * 16
        scratch = .allocate(byteCount: scratchStride * StreamBlock.capacity, alignment: 16)
        due = .allocate(capacity: StreamTable.maximumDue)
        single = .allocate(capacity: 1)
        singleVectors = .allocate(capacity: 2)
        singleHeader = .allocate(capacity: 1)
        singleAddress = .allocate(capacity: 1)
        single.initialize(to: clinux_mmsghdr())
        singleVectors.initialize(repeating: iovec(), count: 2)
        singleHeader.initialize(to: PacketHeader())
        singleAddress.initialize(to: sockaddr_in6())
        single.pointee.msg_hdr.msg_name = UnsafeMutableRawPointer(singleAddress)
        single.pointee.msg_hdr.msg_iov = singleVectors
    }

    deinit {
        for i in 0..<laneCount { lanes[i].scratch.deallocate() }
        lanes.deallocate()
        records.deallocate()
        scratch.deallocate()
        due.deallocate()
        single.deallocate()
        singleVectors.deallocate()
        singleHeader.deallocate()
        singleAddress.deallocate()
        composer.deallocate()
    }
}

// MARK: - Time

extension StreamTable {
    /// Says what the next tick is, before commands are applied that act as of it.
    package func prepare(tick: Int64, wall: WallClockTime) {
        self.tick = tick
        self.wall = wall.nanoseconds
        live = MediaTime(nanoseconds: wall.nanoseconds).ticks
    }

    /// Sends what tick `tick` has to send.
    ///
    /// - Parameter isSkipped: the tick is too late to be made good: time passes, nothing is sent.
    package func advance(tick: Int64, wall: WallClockTime, isSkipped: Bool = false) {
        prepare(tick: tick, wall: wall)
        if isSkipped { counts.skippedTicks += 1 }
        if live >= nextPromotion { promoteDue() }
        if !starting.isEmpty { startDue() }
        for wheel in wheels where wheel.occupied != 0 {
            let slot = Int(tick % wheel.packetTime)
            guard wheel.occupied & 1 << UInt64(slot) != 0 else { continue }
            for i in wheel.slots[slot].indices {
                let block = wheel.slots[slot][i]
                guard block.count > 0 else { continue }
                fill(block)
                if isSkipped { unsend(block) } else { transmit(block) }
                if dueCount > 0 { reportDue() }
            }
        }
        if !capped.isEmpty && !isSkipped { sendCapped() }
        if !multicasts.isEmpty && !isSkipped { sendMulticasts() }
        if pausedCount > 0 { reportPaused() }
        self.tick = tick + 1
    }

    /// The next tick from `tick` on that has work; nil when none will until a command comes.
    package func nextTick(from tick: Int64) -> Int64? {
        guard starting.isEmpty && capped.isEmpty && multicasts.isEmpty else { return tick }
        var next: Int64?
        for wheel in wheels {
            if let turn = wheel.nextTurn(from: tick) { next = min(next ?? turn, turn) }
        }
        if pausedCount > 0 { next = min(next ?? .max, (tick + 63) & ~63) }
        if nextPromotion < .max {
            next = min(next ?? .max, tick + max(0, nextPromotion - live) / 8)
        }
        return next
    }
}
