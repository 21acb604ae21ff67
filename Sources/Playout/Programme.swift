/// What a class of music plays when: a pure function of time, endless in both directions.
///
/// Time is cut into cycles in which every track is heard once. Since the order follows from the
/// seed and the cycle's number alone, every node that holds the same tracks plays the same moment
/// with no word between them.
package struct Programme: Hashable, Sendable {
    package enum Order: Hashable, Sendable {
        /// The tracks as they are listed.
        case sequential
        /// A new order in each cycle, drawn from the seed and the cycle's number.
        case shuffle(seed: UInt64)
    }

    /// How often the announcement is heard.
    package enum AnnouncementInterval: Hashable, Sendable {
        /// After so much music; the track goes on afterwards where it was cut.
        case time(MediaTime)
        /// After so many tracks, counted anew in each cycle; a cycle of fewer has one at its end.
        case tracks(Int)
    }

    package struct Announcement: Hashable, Sendable {
        package var length: MediaTime
        package var interval: AnnouncementInterval

        package init(length: MediaTime, interval: AnnouncementInterval) {
            self.length = length
            self.interval = interval
        }
    }

    /// Lengths of the tracks, in the order in which all nodes list them.
    package let lengths: [MediaTime]
    package let order: Order
    package let announcement: Announcement?

    /// - Returns: nil when there is no track, or when a length or interval is not positive.
    package init?(lengths: [MediaTime], order: Order, announcement: Announcement? = nil) {
        guard !lengths.isEmpty, lengths.allSatisfy({ $0 > .zero }) else { return nil }
        if let announcement {
            guard announcement.length > .zero else { return nil }
            switch announcement.interval {
            case .time(let time): guard time > .zero else { return nil }
            case .tracks(let count): guard count > 0 else { return nil }
            }
        }
        self.lengths = lengths
        self.order = order
        self.announcement = announcement
    }

    /// The segment that is the announcement; tracks are segments 0 to `lengths.count - 1`.
    package var announcementSegment: Int { lengths.count }
}

/// A place in a programme.
package struct ProgrammePosition: Hashable, Sendable {
    /// Index of the track in ``Programme/lengths``, or ``Programme/announcementSegment``.
    package var segment: Int
    /// How far into the segment.
    package var offset: MediaTime
    /// How long from here until another segment plays, or this one at another offset.
    package var remaining: MediaTime
}

/// Finds places in a programme, fast for times that follow each other and without allocating.
package struct ProgrammeCursor: Sendable {
    package let programme: Programme
    /// The segments of a cycle with their starts; what the two arrays hold is for `cycle`.
    private var segments: [Int]
    private var starts: [Int64]
    private var cycle: Int64
    private let cycleLength: Int64
    private var order: [Int]
    private var lastFound = 0

    package init(_ programme: Programme) {
        self.programme = programme
        order = Array(0..<programme.lengths.count)
        var total = programme.lengths.reduce(0) { $0 + $1.ticks }
        var count = programme.lengths.count
        if case .tracks(let every)? = programme.announcement?.interval,
            let length = programme.announcement?.length
        {
            let announcements = max(1, count / every)
            total += Int64(announcements) * length.ticks
            count += announcements
        }
        cycleLength = total
        segments = Array(repeating: 0, count: count)
        starts = Array(repeating: 0, count: count)
        cycle = 0
        layOut(cycle: 0)
    }

    /// The place at `time`, which counts from the programme's epoch and may be negative.
    package mutating func locate(_ time: MediaTime) -> ProgrammePosition {
        guard case .time(let interval)? = programme.announcement?.interval,
            let length = programme.announcement?.length
        else { return locateInCycles(time.ticks) }
        let period = interval.ticks + length.ticks
        let turn = floorDivide(time.ticks, period)
        let within = time.ticks - turn * period
        guard within < interval.ticks else {
            return ProgrammePosition(
                segment: programme.announcementSegment,
                offset: MediaTime(ticks: within - interval.ticks),
                remaining: MediaTime(ticks: period - within))
        }
        var position = locateInCycles(turn * interval.ticks + within)
        position.remaining = min(position.remaining, MediaTime(ticks: interval.ticks - within))
        return position
    }

    private mutating func locateInCycles(_ time: Int64) -> ProgrammePosition {
        let wanted = floorDivide(time, cycleLength)
        if wanted != cycle { layOut(cycle: wanted) }
        let within = time - wanted * cycleLength
        var i = lastFound
        if starts[i] > within { i = 0 }
        // Times follow each other, so this is a step or none; a jump costs one pass over a cycle.
        while i + 1 < starts.count && starts[i + 1] <= within { i += 1 }
        lastFound = i
        let end = i + 1 < starts.count ? starts[i + 1] : cycleLength
        return ProgrammePosition(
            segment: segments[i], offset: MediaTime(ticks: within - starts[i]),
            remaining: MediaTime(ticks: end - within))
    }

    /// Fills `segments` and `starts` for a cycle.
    private mutating func layOut(cycle number: Int64) {
        cycle = number
        lastFound = 0
        drawOrder(cycle: number)
        var every = Int.max
        var announcements = 0
        if case .tracks(let count)? = programme.announcement?.interval {
            every = min(count, order.count)
            announcements = max(1, order.count / count)
        }
        var at = 0
        var start: Int64 = 0
        for (i, track) in order.enumerated() {
            segments[at] = track
            starts[at] = start
            start += programme.lengths[track].ticks
            at += 1
            if announcements > 0 && (i + 1) % every == 0,
                let length = programme.announcement?.length
            {
                segments[at] = programme.announcementSegment
                starts[at] = start
                start += length.ticks
                at += 1
                announcements -= 1
            }
        }
    }

    private mutating func drawOrder(cycle: Int64) {
        for i in order.indices { order[i] = i }
        guard case .shuffle(let seed) = programme.order, order.count > 1 else { return }
        // The track before this cycle, so that no track is heard twice in a row. With two tracks
        // that would leave no choice at all.
        var before: Int?
        if order.count > 2 {
            permute(seed: seed, cycle: cycle - 1)
            before = order[order.count - 1]
            for i in order.indices { order[i] = i }
        }
        permute(seed: seed, cycle: cycle)
        if order[0] == before { order.swapAt(0, 1) }
    }

    /// Fisher-Yates over the identity in `order`.
    private mutating func permute(seed: UInt64, cycle: Int64) {
        var random = SplitMix64(seed: seed ^ (UInt64(bitPattern: cycle) &* 0x9e37_79b9_7f4a_7c15))
        for i in stride(from: order.count - 1, to: 0, by: -1) {
            order.swapAt(i, Int(random.next() % UInt64(i + 1)))
        }
    }
}

private func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
}

/// Sebastiano Vigna's splitmix64: a few instructions, and the same numbers on every machine.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
