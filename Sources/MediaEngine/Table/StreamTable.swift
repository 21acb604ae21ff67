import CLinux
import Glibc
package import Playout
package import Primitives
import RTP

/// All streams of one sending thread, as a function of time: what is sent at each tick.
///
/// It reads no clock and makes no decision about who may have a stream. A tick is a millisecond
/// counted from the owner's choice; with each comes the wall clock, which decides what a class
/// plays at that moment. Owned by one thread. Nothing is allocated, retained or locked per packet:
/// that happens only in ``apply(_:)`` and where a track ends.
package final class StreamTable<Sender: PacketSender> {
    package struct Counts: Sendable {
        package var sendErrors: UInt64 = 0
        package var skippedTicks: UInt64 = 0
        package var rtcpSent: UInt64 = 0

        package init() {}
    }

    package private(set) var counts = Counts()
    package private(set) var sender: Sender
    /// What happened since it was last taken; the owner takes it and empties it.
    package var notices: [StreamNotice] = []

    private let capacity: Int
    private let cappedInterval: Int64
    private let rtcpInterval: Int64
    private var random: SplitMix64
    private let composer: RTCPComposer

    private let records: UnsafeMutablePointer<StreamRecord>
    /// One above the highest number in use.
    private var recordEnd = 0
    private var wheels: [Wheel]
    private var lanes: UnsafeMutablePointer<Lane>
    private var laneCount = 0
    private var laneCapacity = 64
    private var players: [Player?] = []
    private var classes: [ClassState] = []
    private var multicasts: [MulticastState] = []
    private var starting: [Int32] = []
    private var capped: [Int32] = []
    private var pausedCount = 0
    /// Programme time at which a class's next playlist has become its current one everywhere.
    private var nextPromotion: Int64 = .max

    /// The tick to come: commands act as of it.
    private var tick: Int64 = 0
    /// Wall clock of ``tick`` in nanoseconds, and as programme time.
    private var wall: Int64 = 0
    private var live: Int64 = 0

    /// Room for personal packets that are put together from several runs, one for each place of a
    /// block.
    private let scratch: UnsafeMutableRawPointer
    private let scratchStride: Int
    /// Streams of a block whose report is due.
    private let due: UnsafeMutablePointer<Int32>
    private var dueCount = 0
    private static var maximumDue: Int { 32 }
    private let single: UnsafeMutablePointer<clinux_mmsghdr>
    private let singleVectors: UnsafeMutablePointer<iovec>
    private let singleHeader: UnsafeMutablePointer<PacketHeader>
    private let singleAddress: UnsafeMutablePointer<sockaddr_in6>

    private struct ClassState {
        var current: Int32 = -1
        var next: Int32 = -1
        var switchAt: Int64 = .max
    }

    private struct MulticastState {
        var number: Int
        var setup: MulticastSetup
        var lane: Int32
        var run: Run
        var isActive = false
        /// The packet that was sent last, counted from the Unix epoch.
        var last: Int64 = .min
        var packets: UInt32 = 0
        var octets: UInt32 = 0
        var rtcpDue: Int64 = .max
        var prefix: (UInt8, UInt8) = (0, 0)
        var prefixCount = 0
    }

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

// MARK: - Packets

extension StreamTable {
    /// Makes the packets of a block for this tick, and moves its streams on.
    private func fill(_ block: StreamBlock) {
        let hot = block.hot
        let headers = block.headers
        let vectors = block.vectors
        let lanes = self.lanes
        let tick = self.tick
        for i in 0..<block.count {
            let stream = hot + i
            let header = headers + i
            let lane = lanes + Int(stream.pointee.lane)
            header.pointee.type = stream.pointee.payloadType | stream.pointee.marker
            header.pointee.sequence = stream.pointee.sequence.bigEndian
            header.pointee.timestamp = stream.pointee.timestamp.bigEndian
            stream.pointee.marker = 0
            stream.pointee.sequence &+= 1
            stream.pointee.timestamp &+= stream.pointee.timestampStep
            stream.pointee.packets &+= 1
            stream.pointee.octets &+= lane.pointee.payloadOctets
            lane.pointee.packets &+= 1
            if lane.pointee.kind == .live {
                if lane.pointee.stamp != tick { refresh(lane) }
                vectors[2 &* i &+ 1].iov_base = lane.pointee.address
            } else {
                let position = stream.pointee.position
                if position &+ lane.pointee.step &- lane.pointee.unit < stream.pointee.runEnd,
                    let address = vectors[2 &* i &+ 1].iov_base
                {
                    vectors[2 &* i &+ 1].iov_base = address + lane.pointee.audioOctets
                    stream.pointee.position = position &+ lane.pointee.step
                } else {
                    vectors[2 &* i &+ 1].iov_base = personalAddress(
                        Int(stream.pointee.stream), stream, lane,
                        scratch + scratchStride &* i)
                }
            }
            if stream.pointee.rtcpDue <= tick, dueCount < StreamTable.maximumDue {
                due[dueCount] = stream.pointee.stream
                dueCount &+= 1
            }
        }
    }

    /// Takes back the numbers of packets that will not be sent; their time has passed all the same.
    private func unsend(_ block: StreamBlock) {
        for i in 0..<block.count {
            let stream = block.hot + i
            let lane = lanes + Int(stream.pointee.lane)
            stream.pointee.sequence &-= 1
            stream.pointee.packets &-= 1
            stream.pointee.octets &-= lane.pointee.payloadOctets
            stream.pointee.marker = 0x80
            lane.pointee.packets &-= 1
        }
    }

    private func transmit(_ block: StreamBlock) {
        guard block.socket < 0 else {
            transmit(block, 0..<block.count, socket: block.socket)
            return
        }
        for i in 0..<block.count {
            transmit(block, i..<(i + 1), socket: block.sockets[i])
        }
    }

    private func transmit(_ block: StreamBlock, _ range: Range<Int>, socket: Int32) {
        var at = range.lowerBound
        var isSecondTry = false
        while at < range.upperBound {
            let taken = sender.send(
                block.messages + at, count: range.upperBound - at, socket: socket)
            if taken > 0 {
                at += taken
                isSecondTry = false
                continue
            }
            let code = Int32(truncatingIfNeeded: -taken)
            switch code {
            case EINTR:
                continue
            case EAGAIN, ENOBUFS, ENOMEM:
                // The rest would not fit either, and later is too late.
                for i in at..<range.upperBound { fail(block, i) }
                return
            default:
                // An ICMP error of any earlier packet is reported once, in place of the next send.
                if !isSecondTry {
                    isSecondTry = true
                    continue
                }
                fail(block, at)
                notify(.refused(number: Int(block.hot[at].stream), errno: code))
                at += 1
                isSecondTry = false
            }
        }
    }

    private func fail(_ block: StreamBlock, _ i: Int) {
        counts.sendErrors += 1
        lanes[Int(block.hot[i].lane)].packets &-= 1
    }

    /// Notices that only report trouble are dropped when nobody takes them.
    private func notify(_ notice: StreamNotice) {
        if notices.count < 4096 { notices.append(notice) }
    }

    private func sendSingle(_ vectorCount: Int, to address: SocketAddress, socket: Int32) -> Int {
        guard !address.isNone, socket >= 0 else { return -Int(EDESTADDRREQ) }
        singleAddress.pointee = address.storage
        single.pointee.msg_hdr.msg_namelen = address.length
        single.pointee.msg_hdr.msg_iovlen = vectorCount
        let taken = sender.send(single, count: 1, socket: socket)
        if taken > 0 || taken == -Int(EAGAIN) { return taken }
        return sender.send(single, count: 1, socket: socket)
    }
}

// MARK: - Where the audio is

extension StreamTable {
    /// The address of a live lane's packet for this tick.
    private func refresh(_ lane: UnsafeMutablePointer<Lane>) {
        lane.pointee.stamp = tick
        lane.pointee.address = address(
            &lane.pointee.run, at: live, lane, lane.pointee.scratch)
    }

    /// The audio of a packet that starts at `position`: in place, or put together in `scratch`.
    private func address(
        _ run: inout Run, at position: Int64, _ lane: UnsafeMutablePointer<Lane>,
        _ scratch: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer? {
        let unit = lane.pointee.unit
        let last = position &+ lane.pointee.step &- unit
        if position < run.start || position >= run.end {
            find(&run, at: position, lane.pointee.format)
        }
        if last < run.end, let base = run.base {
            let offset = Int((position &- run.origin) / unit) &* lane.pointee.octetsPerUnit
            return UnsafeMutableRawPointer(mutating: base + offset)
        }
        var at = position
        var out = scratch
        var left = lane.pointee.step / unit
        while left > 0 {
            if at < run.start || at >= run.end { find(&run, at: at, lane.pointee.format) }
            guard let base = run.base else { return nil }
            let units = copy(run, base, at, left, lane, &out)
            at &+= units &* unit
            left &-= units
        }
        return scratch
    }

    /// Copies the units of a run from `at` on, `left` at most; returns how many.
    private func copy(
        _ run: Run, _ base: UnsafeRawPointer, _ at: Int64, _ left: Int64,
        _ lane: UnsafeMutablePointer<Lane>, _ out: inout UnsafeMutableRawPointer
    ) -> Int64 {
        let unit = lane.pointee.unit
        let units = min(left, max(1, (run.end &- at &+ unit &- 1) / unit))
        let offset = Int((at &- run.origin) / unit) &* lane.pointee.octetsPerUnit
        let octets = Int(units) &* lane.pointee.octetsPerUnit
        out.copyMemory(from: base + offset, byteCount: octets)
        out += octets
        return units
    }

    /// Finds what plays at `position`, and until when.
    private func find(_ run: inout Run, at position: Int64, _ format: MediaFormat) {
        if run.next >= 0 && position >= run.switchAt {
            let old = run.player
            run.player = run.next
            run.next = -1
            run.switchAt = .max
            release(old)
        }
        run.base = nil
        run.start = position
        run.end = position
        guard run.player >= 0, let player = players[Int(run.player)] else { return }
        let found = player.locate(position)
        run.end = position &+ max(1, found.remaining.ticks)
        if run.next >= 0 { run.end = min(run.end, run.switchAt) }
        run.origin = position &- found.offset.ticks
        run.base = player.playlist.base(of: found.segment, in: format)
    }

    /// The same for a stream with a position of its own, which it moves on.
    ///
    /// Where a segment ends, a newer playlist of the class is taken up, from the start of one of
    /// its segments on.
    private func personalAddress(
        _ number: Int, _ stream: UnsafeMutablePointer<HotStream>,
        _ lane: UnsafeMutablePointer<Lane>, _ scratch: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer? {
        let record = records + number
        let unit = lane.pointee.unit
        var at = stream.pointee.position
        var out = scratch
        var left = lane.pointee.step / unit
        var isFirst = true
        while left > 0 {
            let isAtEnd = at >= record.pointee.run.end
            if at < record.pointee.run.start || isAtEnd {
                if isAtEnd && record.pointee.run.end > record.pointee.run.start {
                    at = takeUpNewest(record, at, lane)
                }
                find(&record.pointee.run, at: at, lane.pointee.format)
            }
            let run = record.pointee.run
            guard let base = run.base else { return nil }
            if isFirst && at &+ lane.pointee.step &- unit < run.end {
                stream.pointee.position = at &+ lane.pointee.step
                stream.pointee.runEnd = run.end
                let offset = Int((at &- run.origin) / unit) &* lane.pointee.octetsPerUnit
                return UnsafeMutableRawPointer(mutating: base + offset)
            }
            isFirst = false
            let units = copy(run, base, at, left, lane, &out)
            at &+= units &* unit
            left &-= units
        }
        stream.pointee.position = at
        stream.pointee.runEnd = .min
        return scratch
    }

    private func takeUpNewest(
        _ record: UnsafeMutablePointer<StreamRecord>, _ position: Int64,
        _ lane: UnsafeMutablePointer<Lane>
    ) -> Int64 {
        let newest = newestPlayer(of: Int(lane.pointee.classIndex), for: lane.pointee.format)
        guard newest >= 0, newest != record.pointee.run.player, let player = players[Int(newest)]
        else { return position }
        release(record.pointee.run.player)
        record.pointee.run.player = retain(newest)
        let found = player.locate(position)
        return found.offset.ticks == 0 ? position : position &+ found.remaining.ticks
    }
}

// MARK: - Players

extension StreamTable {
    @discardableResult
    private func retain(_ player: Int32) -> Int32 {
        if player >= 0 { players[Int(player)]?.users += 1 }
        return player
    }

    private func release(_ number: Int32) {
        guard number >= 0, let player = players[Int(number)] else { return }
        player.users -= 1
        guard player.users == 0 else { return }
        players[Int(number)] = nil
        notices.append(.released(player.playlist))
    }

    private func newestPlayer(of classIndex: Int, for format: MediaFormat) -> Int32 {
        let state = classes[classIndex]
        for number in [state.next, state.current] where number >= 0 {
            if players[Int(number)]?.playlist.formats.contains(format) == true { return number }
        }
        return -1
    }

    /// What a live lane of the class plays: what its others play.
    private func liveRun(of classIndex: Int, for format: MediaFormat) -> Run {
        if classes[classIndex].next >= 0 && live >= classes[classIndex].switchAt {
            promote(classIndex)
        }
        let state = classes[classIndex]
        var run = Run()
        let hasCurrent = plays(state.current, format)
        let hasNext = plays(state.next, format)
        if hasCurrent {
            run.player = retain(state.current)
            if hasNext {
                run.next = retain(state.next)
                run.switchAt = state.switchAt
            }
        } else if hasNext {
            run.player = retain(state.next)
        }
        return run
    }

    private func plays(_ player: Int32, _ format: MediaFormat) -> Bool {
        player >= 0 && players[Int(player)]?.playlist.formats.contains(format) == true
    }

    private func set(
        _ playlist: PreparedPlaylist, of classIndex: Int, _ when: PlaylistChange
    ) {
        while classes.count <= classIndex { classes.append(ClassState()) }
        let player = Player(playlist)
        let number: Int32
        if let free = players.firstIndex(where: { $0 == nil }) {
            players[free] = player
            number = Int32(free)
        } else {
            players.append(player)
            number = Int32(players.count - 1)
        }
        retain(number)
        // Promotes a change that is due by now.
        let unused = liveRun(of: classIndex, for: .pcmu)
        release(unused.player)
        release(unused.next)

        let old = classes[classIndex]
        release(old.next)
        classes[classIndex].next = -1
        if when == .atTrackEnd, old.current >= 0, let current = players[Int(old.current)] {
            let found = current.locate(live)
            classes[classIndex].next = number
            classes[classIndex].switchAt = live + max(1, found.remaining.ticks)
            nextPromotion = min(
                nextPromotion, classes[classIndex].switchAt + StreamTable.promotionDelay)
        } else {
            classes[classIndex].current = number
            classes[classIndex].switchAt = .max
            release(old.current)
        }
        let state = classes[classIndex]
        for i in 0..<laneCount
        where lanes[i].classIndex == Int32(classIndex) && lanes[i].kind == .live
            && lanes[i].users > 0
        {
            change(
                &lanes[i].run, lanes[i].format, to: number,
                at: state.next >= 0 ? state.switchAt : nil)
        }
        for i in multicasts.indices where multicasts[i].setup.classIndex == Int32(classIndex) {
            change(
                &multicasts[i].run, multicasts[i].setup.format, to: number,
                at: state.next >= 0 ? state.switchAt : nil)
        }
        guard state.next < 0 else { return }
        for i in 0..<recordEnd where records[i].state != .free {
            let record = records + i
            guard record.pointee.setup.classIndex == Int32(classIndex),
                !record.pointee.setup.isLive, plays(number, record.pointee.setup.format)
            else { continue }
            let before = record.pointee.run.player
            record.pointee.run.player = retain(number)
            release(before)
            record.pointee.run.forget()
            withHot(record) { $0.runEnd = .min }
        }
    }

    /// The longest packet: one that began before a change may still be asked for.
    private static var promotionDelay: Int64 { 60 * 8 }

    /// Lets go of playlists whose last track has ended, also where nobody listens.
    private func promoteDue() {
        nextPromotion = .max
        let limit = live - StreamTable.promotionDelay
        for i in classes.indices where classes[i].next >= 0 {
            guard classes[i].switchAt <= limit else {
                nextPromotion = min(
                    nextPromotion, classes[i].switchAt + StreamTable.promotionDelay)
                continue
            }
            promote(i)
        }
        for i in 0..<laneCount { promote(&lanes[i].run, limit) }
        for i in multicasts.indices { promote(&multicasts[i].run, limit) }
    }

    private func promote(_ classIndex: Int) {
        release(classes[classIndex].current)
        classes[classIndex].current = classes[classIndex].next
        classes[classIndex].next = -1
        classes[classIndex].switchAt = .max
    }

    private func promote(_ run: inout Run, _ limit: Int64) {
        guard run.next >= 0, run.switchAt <= limit else { return }
        let old = run.player
        run.player = run.next
        run.next = -1
        run.switchAt = .max
        run.forget()
        release(old)
    }

    private func change(_ run: inout Run, _ format: MediaFormat, to player: Int32, at time: Int64?)
    {
        // A class whose new playlist lacks the format goes on with the old one.
        guard plays(player, format) else { return }
        release(run.next)
        run.next = -1
        run.switchAt = .max
        if let time, run.player >= 0 {
            run.next = retain(player)
            run.switchAt = time
            run.end = min(run.end, max(run.start, time))
        } else {
            let before = run.player
            run.player = retain(player)
            release(before)
            run.forget()
        }
    }

    private func removeClass(_ classIndex: Int) {
        guard classIndex < classes.count else { return }
        let old = classes[classIndex]
        classes[classIndex] = ClassState()
        release(old.current)
        release(old.next)
    }
}

// MARK: - Lanes

extension StreamTable {
    private func lane(
        _ classIndex: Int32, _ format: MediaFormat, _ kind: MediaEngineStatistics.Kind,
        _ packetTime: Int32
    ) -> Int32 {
        var found = -1
        for i in 0..<laneCount
        where lanes[i].classIndex == classIndex && lanes[i].format == format
            && lanes[i].kind == kind && lanes[i].packetTime == packetTime
        {
            found = i
        }
        if found < 0 {
            if laneCount == laneCapacity {
                let larger = UnsafeMutablePointer<Lane>.allocate(capacity: 2 * laneCapacity)
                larger.moveInitialize(from: lanes, count: laneCount)
                lanes.deallocate()
                lanes = larger
                laneCapacity *= 2
            }
            found = laneCount
            (lanes + found).initialize(
                to: Lane(
                    classIndex: classIndex, format: format, kind: kind, packetTime: packetTime))
            laneCount += 1
        }
        if lanes[found].users == 0 && kind == .live {
            lanes[found].run = liveRun(of: Int(classIndex), for: format)
            lanes[found].stamp = .min
        }
        lanes[found].users += 1
        return Int32(found)
    }

    private func leaveLane(_ number: Int32) {
        guard number >= 0 else { return }
        let lane = lanes + Int(number)
        lane.pointee.users -= 1
        guard lane.pointee.users == 0, lane.pointee.kind == .live else { return }
        release(lane.pointee.run.player)
        release(lane.pointee.run.next)
        lane.pointee.run = Run()
    }

    /// What was sent, per lane, since the start.
    package func forEachLane(
        _ body: (
            _ classIndex: Int32, _ format: MediaFormat, _ kind: MediaEngineStatistics.Kind,
            _ packets: UInt64, _ octets: UInt64
        ) -> Void
    ) {
        for i in 0..<laneCount {
            body(
                lanes[i].classIndex, lanes[i].format, lanes[i].kind, lanes[i].packets,
                lanes[i].packets &* UInt64(lanes[i].payloadOctets))
        }
    }
}

// MARK: - Commands

extension StreamTable {
    package func apply(_ command: StreamCommand) {
        switch command {
        case .open(let number, let setup, let sequence, let timestamp, let start):
            open(number, setup, sequence, timestamp, start)
        case .update(let number, let setup):
            update(number, setup)
        case .close(let number):
            close(number)
        case .playlist(let classIndex, let playlist, let change):
            set(playlist, of: Int(classIndex), change)
        case .removeClass(let classIndex):
            removeClass(Int(classIndex))
        case .openMulticast(let number, let setup):
            openMulticast(number, setup)
        case .activate(let number, let isActive):
            activateMulticast(number, isActive)
        case .closeMulticast(let number):
            closeMulticast(number)
        }
    }

    private func open(
        _ number: Int, _ setup: StreamSetup, _ sequence: UInt16, _ timestamp: UInt32,
        _ start: Int64
    ) {
        guard number >= 0, number < capacity else { return }
        while recordEnd <= number {
            (records + recordEnd).initialize(to: StreamRecord(setup: setup))
            recordEnd += 1
        }
        let record = records + number
        record.pointee = StreamRecord(setup: setup)
        record.pointee.hot.stream = Int32(number)
        record.pointee.hot.sequence = sequence
        record.pointee.hot.timestamp = timestamp
        record.pointee.hot.position = start
        record.pointee.hot.marker = 0x80
        // RFC 3550 §6.2: half the time before the first report.
        record.pointee.hot.rtcpDue = tick + randomised(rtcpInterval / 2)
        if !setup.isLive {
            record.pointee.run.player = retain(
                newestPlayer(of: Int(setup.classIndex), for: setup.format))
        }
        enter(record)
    }

    private func update(_ number: Int, _ setup: StreamSetup) {
        guard number >= 0, number < recordEnd, records[number].state != .free else { return }
        let record = records + number
        let old = record.pointee.setup
        // A stream on trial that has just sent goes on where that packet ends.
        let isSending =
            record.pointee.state == .placed || record.pointee.state == .starting
            || record.pointee.state == .capped && (record.pointee.timestampTick ?? .min) >= tick
        withdraw(record)
        leaveLane(record.pointee.lane)
        record.pointee.lane = -1
        if old.ssrc != setup.ssrc {
            sayGoodbye(record)
            record.pointee.hasSent = false
            record.pointee.hot.packets = 0
            record.pointee.hot.octets = 0
            record.pointee.packetsReported = 0
            record.pointee.hot.marker = 0x80
        }
        // A new talkspurt after silence (RFC 3551 §4.1).
        if old.sending == .paused { record.pointee.hot.marker = 0x80 }
        record.pointee.setup = setup
        if !setup.isLive {
            let newest = newestPlayer(of: Int(setup.classIndex), for: setup.format)
            let isSame = old.classIndex == setup.classIndex && !old.isLive
            // The playlist it is in the middle of is kept where it can be.
            if !isSame || !plays(record.pointee.run.player, setup.format) {
                let before = record.pointee.run.player
                record.pointee.run.player = retain(newest)
                release(before)
            }
            record.pointee.run.forget()
            record.pointee.hot.runEnd = .min
        }
        enter(record, isSending: isSending)
    }

    private func close(_ number: Int) {
        guard number >= 0, number < recordEnd, records[number].state != .free else { return }
        let record = records + number
        withdraw(record)
        sayGoodbye(record)
        let isLive = record.pointee.setup.isLive
        leaveLane(record.pointee.lane)
        release(record.pointee.run.player)
        record.pointee.run = Run()
        record.pointee.state = .free
        notices.append(
            .closed(number: number, position: isLive ? live : record.pointee.hot.position))
    }

    /// Ends everything, with BYE.
    package func closeAll() {
        for number in 0..<recordEnd { close(number) }
        for state in multicasts { closeMulticast(state.number) }
        for i in classes.indices { removeClass(i) }
    }
}

// MARK: - Slots

extension StreamTable {
    /// Puts a stream that is in no slot to where its setup wants it.
    ///
    /// - Parameter isSending: it goes on where its last packet ended, now or less than a packet
    ///   time ahead.
    private func enter(_ record: UnsafeMutablePointer<StreamRecord>, isSending: Bool = false) {
        let setup = record.pointee.setup
        record.pointee.lane = lane(
            setup.classIndex, setup.format, setup.isLive ? .live : .personal, setup.packetTime)
        switch setup.sending {
        case .paused:
            record.pointee.state = .paused
            pausedCount += 1
        case .capped:
            guard let wheel = reserve(record, exactly: isSending) else { return }
            record.pointee.state = .capped
            // No more packets by leaving this state and coming back.
            record.pointee.cappedDue = wheel.turn(
                of: Int(record.pointee.slot),
                from: max(record.pointee.startsAt, record.pointee.cappedDue))
            capped.append(record.pointee.hot.stream)
        case .full:
            place(record, exactly: isSending)
        }
    }

    private func place(_ record: UnsafeMutablePointer<StreamRecord>, exactly: Bool) {
        guard let wheel = reserve(record, exactly: exactly) else { return }
        if record.pointee.startsAt - wheel.packetTime >= tick {
            // Its slot is sent once more before: too early for it.
            record.pointee.state = .starting
            starting.append(record.pointee.hot.stream)
        } else {
            insert(record)
        }
    }

    /// Gives a stream a slot, and moves its timestamp to the slot's next turn, `startsAt`.
    ///
    /// - Parameter exactly: its next packet starts where the last one ended, whatever the slot.
    private func reserve(
        _ record: UnsafeMutablePointer<StreamRecord>, exactly: Bool
    ) -> Wheel? {
        let setup = record.pointee.setup
        guard let w = PacketTime.all.firstIndex(of: Int(setup.packetTime)) else { return nil }
        let wheel = wheels[w]
        let earliest = max(tick, record.pointee.timestampTick ?? tick)
        let slot: Int
        let turn: Int64
        if exactly {
            turn = earliest
            slot = Int(turn % wheel.packetTime)
        } else {
            slot = wheel.bestSlot()
            turn = wheel.turn(of: slot, from: earliest)
        }
        if let since = record.pointee.timestampTick {
            let clock = Int64(setup.format.clockRate)
            record.pointee.hot.timestamp &+= UInt32(
                truncatingIfNeeded: (turn - since) * clock / 1000)
        }
        record.pointee.timestampTick = turn
        record.pointee.wheel = Int32(w)
        record.pointee.slot = Int32(slot)
        record.pointee.startsAt = turn
        wheel.adjust(slot, by: 1)
        return wheel
    }

    private func startDue() {
        starting.removeAll { number in
            let record = records + Int(number)
            guard record.pointee.startsAt - wheels[Int(record.pointee.wheel)].packetTime < tick
            else { return false }
            insert(record)
            return true
        }
    }

    /// Copies a stream into a block of its slot.
    private func insert(_ record: UnsafeMutablePointer<StreamRecord>) {
        let setup = record.pointee.setup
        let wheel = wheels[Int(record.pointee.wheel)]
        let slot = Int(record.pointee.slot)
        let socket = setup.sharesSocket ? setup.socket : -1
        var number = wheel.slots[slot].firstIndex {
            $0.socket == socket && $0.count < StreamBlock.capacity
        }
        if number == nil {
            number = wheel.slots[slot].firstIndex { $0.count == 0 }
            if let number, wheel.slots[slot][number].socket != socket {
                wheel.slots[slot][number] = StreamBlock(socket: socket)
            }
        }
        if number == nil {
            wheel.slots[slot].append(StreamBlock(socket: socket))
            number = wheel.slots[slot].count - 1
        }
        guard let number else { return }
        let block = wheel.slots[slot][number]
        let i = block.count
        block.count += 1
        let lane = lanes + Int(record.pointee.lane)
        record.pointee.state = .placed
        record.pointee.block = Int32(number)
        record.pointee.place = Int32(i)
        record.pointee.hasSent = true
        record.pointee.hot.lane = record.pointee.lane
        record.pointee.hot.payloadType = setup.payloadType & 127
        record.pointee.hot.timestampStep = lane.pointee.timestampStep
        record.pointee.hot.runEnd = .min
        block.hot[i] = record.pointee.hot
        var header = PacketHeader()
        header.ssrc = setup.ssrc.bigEndian
        let prefix = setup.format.payloadPrefix(packetTime: Int(setup.packetTime))
        if prefix.count > 0 { header.prefix.0 = prefix[0] }
        if prefix.count > 1 { header.prefix.1 = prefix[1] }
        block.headers[i] = header
        block.addresses[i] = setup.destination.storage
        block.sockets[i] = setup.socket
        block.messages[i].msg_hdr.msg_namelen = setup.destination.length
        block.vectors[2 * i].iov_len = PacketHeader.length + prefix.count
        block.vectors[2 * i + 1] = iovec(iov_base: nil, iov_len: lane.pointee.audioOctets)
    }

    /// Takes a stream out of wherever it is; it then is in no list, and its lane is kept.
    private func withdraw(_ record: UnsafeMutablePointer<StreamRecord>) {
        switch record.pointee.state {
        case .free:
            break
        case .paused:
            pausedCount -= 1
        case .capped:
            capped.removeAll { $0 == record.pointee.hot.stream }
            wheels[Int(record.pointee.wheel)].adjust(Int(record.pointee.slot), by: -1)
        case .starting:
            starting.removeAll { $0 == record.pointee.hot.stream }
            wheels[Int(record.pointee.wheel)].adjust(Int(record.pointee.slot), by: -1)
        case .placed:
            let wheel = wheels[Int(record.pointee.wheel)]
            let slot = Int(record.pointee.slot)
            let block = wheel.slots[slot][Int(record.pointee.block)]
            let i = Int(record.pointee.place)
            record.pointee.hot = block.hot[i]
            // The packet that would be sent next.
            record.pointee.timestampTick = wheel.turn(of: slot, from: tick)
            block.count -= 1
            if i != block.count {
                block.move(block.count, to: i)
                records[Int(block.hot[i].stream)].place = Int32(i)
            }
            wheel.adjust(slot, by: -1)
        }
        record.pointee.state = .paused
    }

    private func withHot(
        _ record: UnsafeMutablePointer<StreamRecord>, _ body: (inout HotStream) -> Void
    ) {
        guard record.pointee.state == .placed else {
            body(&record.pointee.hot)
            return
        }
        let wheel = wheels[Int(record.pointee.wheel)]
        let block = wheel.slots[Int(record.pointee.slot)][Int(record.pointee.block)]
        body(&block.hot[Int(record.pointee.place)])
    }
}

// MARK: - Streams on trial

extension StreamTable {
    private func sendCapped() {
        for number in capped {
            let record = records + Int(number)
            guard record.pointee.cappedDue <= tick else { continue }
            // In its slot, so that it can go on from there one packet time later.
            record.pointee.cappedDue = wheels[Int(record.pointee.wheel)].turn(
                of: Int(record.pointee.slot), from: tick + cappedInterval)
            let setup = record.pointee.setup
            let lane = lanes + Int(record.pointee.lane)
            if let since = record.pointee.timestampTick {
                let elapsed = tick - since
                record.pointee.hot.timestamp &+= UInt32(
                    truncatingIfNeeded: elapsed * Int64(setup.format.clockRate) / 1000)
                record.pointee.hot.position += elapsed * 8
                record.pointee.hot.runEnd = .min
            }
            let audio: UnsafeMutableRawPointer?
            if setup.isLive {
                if lane.pointee.stamp != tick { refresh(lane) }
                audio = lane.pointee.address
            } else {
                audio = personalAddress(Int(number), &record.pointee.hot, lane, scratch)
            }
            let hot = record.pointee.hot
            sendSingleRTP(
                type: setup.payloadType & 127 | hot.marker, sequence: hot.sequence,
                timestamp: hot.timestamp, ssrc: setup.ssrc,
                prefix: setup.format.payloadPrefix(packetTime: Int(setup.packetTime)),
                audio: audio, audioOctets: lane.pointee.audioOctets, to: setup.destination,
                socket: setup.socket, lane: lane)
            record.pointee.hasSent = true
            record.pointee.hot.marker = 0
            record.pointee.hot.sequence &+= 1
            record.pointee.hot.timestamp &+= lane.pointee.timestampStep
            record.pointee.hot.packets &+= 1
            record.pointee.hot.octets &+= lane.pointee.payloadOctets
            record.pointee.timestampTick = tick + Int64(setup.packetTime)
        }
    }

    private func sendSingleRTP(
        type: UInt8, sequence: UInt16, timestamp: UInt32, ssrc: UInt32, prefix: [UInt8],
        audio: UnsafeMutableRawPointer?, audioOctets: Int, to address: SocketAddress,
        socket: Int32, lane: UnsafeMutablePointer<Lane>
    ) {
        singleHeader.pointee.type = type
        singleHeader.pointee.sequence = sequence.bigEndian
        singleHeader.pointee.timestamp = timestamp.bigEndian
        singleHeader.pointee.ssrc = ssrc.bigEndian
        if prefix.count > 0 { singleHeader.pointee.prefix.0 = prefix[0] }
        if prefix.count > 1 { singleHeader.pointee.prefix.1 = prefix[1] }
        singleVectors[0] = iovec(
            iov_base: UnsafeMutableRawPointer(singleHeader),
            iov_len: PacketHeader.length + prefix.count)
        singleVectors[1] = iovec(iov_base: audio, iov_len: audioOctets)
        if sendSingle(2, to: address, socket: socket) > 0 {
            lane.pointee.packets &+= 1
        } else {
            counts.sendErrors += 1
        }
    }
}

// MARK: - RTCP

extension StreamTable {
    /// RFC 3550 §6.3.1: between half and one and a half, compensated for reconsideration.
    private func randomised(_ ticks: Int64) -> Int64 {
        let spread = Double(random.next() >> 11) / Double(1 << 53) + 0.5
        return Int64(Double(ticks) * spread / 1.21828)
    }

    private func reportDue() {
        for i in 0..<dueCount {
            let record = records + Int(due[i])
            let next = tick + randomised(rtcpInterval)
            withHot(record) { $0.rtcpDue = next }
            report(record, goodbye: false)
        }
        dueCount = 0
    }

    /// A sixty-fourth of the records at each tick.
    private func reportPaused() {
        var i = Int(tick & 63)
        while i < recordEnd {
            let record = records + i
            if record.pointee.state == .paused, record.pointee.hot.rtcpDue <= tick {
                record.pointee.hot.rtcpDue = tick + randomised(rtcpInterval)
                report(record, goodbye: false)
            }
            i += 64
        }
    }

    private func sayGoodbye(_ record: UnsafeMutablePointer<StreamRecord>) {
        // RFC 3550 §6.3.7: who never sent anything leaves without a word. An unproven
        // destination gets nothing beyond its few packets.
        guard record.pointee.hasSent, record.pointee.setup.sending != .capped else { return }
        report(record, goodbye: true)
    }

    private func report(_ record: UnsafeMutablePointer<StreamRecord>, goodbye: Bool) {
        let setup = record.pointee.setup
        guard !setup.rtcpDestination.isNone else { return }
        var timestamp: UInt32 = 0
        var packets: UInt32 = 0
        var octets: UInt32 = 0
        withHot(record) {
            timestamp = $0.timestamp
            packets = $0.packets
            octets = $0.octets
        }
        let isSender = packets != record.pointee.packetsReported
        record.pointee.packetsReported = packets
        if record.pointee.state == .placed {
            // Already the next packet's; the report is about this moment.
            timestamp &-= lanes[Int(record.pointee.lane)].timestampStep
        } else if let since = record.pointee.timestampTick {
            let clock = Int64(setup.format.clockRate)
            timestamp &+= UInt32(truncatingIfNeeded: (tick - since) * clock / 1000)
        }
        let count =
            isSender || goodbye && packets > 0
            ? composer.senderReport(
                ssrc: setup.ssrc, time: NTPTime(WallClockTime(nanoseconds: wall)),
                timestamp: timestamp, packets: packets, octets: octets, goodbye: goodbye)
            : composer.receiverReport(ssrc: setup.ssrc, goodbye: goodbye)
        record.pointee.hasSent = true
        sendReport(count, to: setup.rtcpDestination, socket: setup.rtcpSocket)
    }

    private func sendReport(_ count: Int, to address: SocketAddress, socket: Int32) {
        singleVectors[0] = iovec(iov_base: composer.base, iov_len: count)
        if sendSingle(1, to: address, socket: socket) > 0 { counts.rtcpSent += 1 }
    }
}

// MARK: - Multicast

extension StreamTable {
    private func openMulticast(_ number: Int, _ setup: MulticastSetup) {
        let lane = lane(setup.classIndex, setup.format, .multicast, setup.packetTime)
        var state = MulticastState(
            number: number, setup: setup, lane: lane,
            run: liveRun(of: Int(setup.classIndex), for: setup.format))
        let prefix = setup.format.payloadPrefix(packetTime: Int(setup.packetTime))
        if prefix.count > 0 { state.prefix.0 = prefix[0] }
        if prefix.count > 1 { state.prefix.1 = prefix[1] }
        state.prefixCount = prefix.count
        multicasts.append(state)
    }

    private func activateMulticast(_ number: Int, _ isActive: Bool) {
        for i in multicasts.indices where multicasts[i].number == number {
            guard multicasts[i].isActive != isActive else { return }
            multicasts[i].isActive = isActive
            multicasts[i].last = packetNumber(multicasts[i].setup)
            multicasts[i].rtcpDue = tick + randomised(rtcpInterval / 2)
        }
    }

    private func closeMulticast(_ number: Int) {
        guard let i = multicasts.firstIndex(where: { $0.number == number }) else { return }
        let state = multicasts[i]
        if state.isActive && state.packets > 0 { reportMulticast(state, goodbye: true) }
        leaveLane(state.lane)
        release(state.run.player)
        release(state.run.next)
        multicasts.remove(at: i)
        notices.append(.multicastClosed(number: number))
    }

    /// The packet under way, counted from the Unix epoch: the same on all nodes.
    private func packetNumber(_ setup: MulticastSetup) -> Int64 {
        let milliseconds = wall / 1_000_000 - setup.phase
        return milliseconds / Int64(setup.packetTime)
    }

    private func sendMulticasts() {
        for i in multicasts.indices {
            let packet = packetNumber(multicasts[i].setup)
            guard packet != multicasts[i].last, multicasts[i].isActive else { continue }
            multicasts[i].last = packet
            let setup = multicasts[i].setup
            let lane = lanes + Int(multicasts[i].lane)
            let start = (packet &* Int64(setup.packetTime) &+ setup.phase) &* 8
            let audio = address(&multicasts[i].run, at: start, lane, lane.pointee.scratch)
            singleHeader.pointee.type = setup.payloadType & 127
            singleHeader.pointee.sequence =
                (setup.sequenceBase &+ UInt16(truncatingIfNeeded: packet)).bigEndian
            singleHeader.pointee.timestamp = multicastTimestamp(setup, packet).bigEndian
            singleHeader.pointee.ssrc = setup.ssrc.bigEndian
            singleHeader.pointee.prefix.0 = multicasts[i].prefix.0
            singleHeader.pointee.prefix.1 = multicasts[i].prefix.1
            singleVectors[0] = iovec(
                iov_base: UnsafeMutableRawPointer(singleHeader),
                iov_len: PacketHeader.length + multicasts[i].prefixCount)
            singleVectors[1] = iovec(iov_base: audio, iov_len: lane.pointee.audioOctets)
            if sendSingle(2, to: setup.destination, socket: setup.socket) > 0 {
                lane.pointee.packets &+= 1
                multicasts[i].packets &+= 1
                multicasts[i].octets &+= lane.pointee.payloadOctets
            } else {
                counts.sendErrors += 1
            }
            if multicasts[i].rtcpDue <= tick {
                multicasts[i].rtcpDue = tick + randomised(rtcpInterval)
                reportMulticast(multicasts[i], goodbye: false)
            }
        }
    }

    private func multicastTimestamp(_ setup: MulticastSetup, _ packet: Int64) -> UInt32 {
        let samples = Int64(setup.format.clockRate) * Int64(setup.packetTime) / 1000
        return setup.timestampBase &+ UInt32(truncatingIfNeeded: packet &* samples)
    }

    private func reportMulticast(_ state: MulticastState, goodbye: Bool) {
        guard !state.setup.rtcpDestination.isNone else { return }
        let count = composer.senderReport(
            ssrc: state.setup.ssrc, time: NTPTime(WallClockTime(nanoseconds: wall)),
            timestamp: multicastTimestamp(state.setup, state.last), packets: state.packets,
            octets: state.octets, goodbye: goodbye)
        sendReport(count, to: state.setup.rtcpDestination, socket: state.setup.rtcpSocket)
    }
}
