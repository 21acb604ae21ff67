import Playout

extension StreamTable {
    /// The address of a live lane's packet for this tick.
    func refresh(_ lane: UnsafeMutablePointer<Lane>) {
        lane.pointee.stamp = tick
        lane.pointee.address = address(
            &lane.pointee.run, at: live, lane, lane.pointee.scratch)
    }

    /// The audio of a packet that starts at `position`: in place, or put together in `scratch`.
    func address(
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
    func copy(
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
    func find(_ run: inout Run, at position: Int64, _ format: MediaFormat) {
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
    func personalAddress(
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
                expectNext(record.pointee.run, lane.pointee.format)
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

    /// Has what follows a run read from disk by the time it is played.
    func expectNext(_ run: Run, _ format: MediaFormat) {
        guard run.base != nil, run.player >= 0, let player = players[Int(run.player)] else {
            return
        }
        player.playlist.expect(player.locate(run.end), in: format)
    }

    func takeUpNewest(
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
