import Playout
package import Primitives
package import RTP

/// What comes from the peer, put in order and made sound of.
package struct Reception: ~Copyable {
    private var buffer: JitterBuffer?
    /// What was due when another source, or another clock, took over.
    private var left: [JitterBuffer.Output] = []
    /// A pause that is no sound follows ``left``.
    private var isResumed = false
    private var timeline: SoundTimeline?
    private var format: MediaFormat?
    private var wasLost = false
    private var events = TelephoneEventDecoder()
    private var inband: InbandDigits?
    private var statistics: ReceptionStatistics?
    private var earlier = JitterBuffer.Counts()
    package private(set) var ssrc: UInt32?

    /// Payload type of comfort noise at 8 kHz (RFC 3389, RFC 3551).
    private static let comfortNoise: UInt8 = 13
    /// How late a packet may be: nobody waits for what is recorded.
    private static let delay = Interval.milliseconds(200)

    /// What one call of ``sound(at:_:everything:)`` found.
    package struct Heard {
        package struct Piece {
            package var samples: [Int16]
            package var rate: Int
        }

        /// More than one when the codec changed.
        package var pieces: [Piece] = []
        package var keys: [Character] = []
    }

    package init() {}

    /// A packet came.
    /// - Returns: a key that it tells of.
    package mutating func receive(
        _ packet: BufferedPacket, _ parameters: MediaSessionParameters, at now: Instant
    ) -> Character? {
        let header = packet.header
        let isEvent = parameters.telephoneEvents.contains(header.payloadType)
        let format = parameters.receivable[header.payloadType]
        guard isEvent || format != nil || header.payloadType == Reception.comfortNoise else {
            return nil
        }
        // Events and noise share the clock of the sound beside them, whatever their format says.
        let clockRate =
            isEvent || format == nil
            ? buffer?.clockRate ?? parameters.format.clockRate
            : format?.clockRate ?? parameters.format.clockRate
        if let buffer, buffer.clockRate != clockRate || ssrc != header.ssrc { setAside() }
        if buffer == nil {
            buffer = JitterBuffer(clockRate: clockRate, delay: Reception.delay, isHasty: true)
        }
        if ssrc != header.ssrc || statistics == nil {
            statistics = ReceptionStatistics(first: header.sequenceNumber, clockRate: clockRate)
            ssrc = header.ssrc
        }
        _ = statistics?.receive(header.sequenceNumber, timestamp: header.timestamp, at: now)
        if buffer?.insert(packet, at: now) == .restarted { wasLost = false }
        // Keys count when they come: order matters to sound alone.
        guard isEvent else { return nil }
        return switch events.receive(payload: packet.payload, timestamp: header.timestamp) {
        case .began(let event), .whole(let event, _): event.digit
        case .ended, nil: nil
        }
    }

    /// What waits is heard before what comes now.
    private mutating func setAside() {
        while let output = buffer?.output(at: Instant(nanoseconds: .max)) { left.append(output) }
        if let counts = buffer?.counts { earlier.add(counts) }
        buffer = nil
        statistics = nil
    }

    /// Nothing was expected for a while; the pause is no part of what is heard.
    package mutating func resume() {
        setAside()
        isResumed = true
    }

    /// The sound that is due, in order.
    /// - Parameter everything: what is not due yet, too.
    package mutating func sound(
        at now: Instant, _ parameters: MediaSessionParameters, everything: Bool = false
    ) -> Heard {
        var heard = Heard()
        if !left.isEmpty {
            for output in left { hear(output, parameters, now, &heard) }
            left = []
            wasLost = false
        }
        if isResumed {
            timeline?.restart()
            isResumed = false
        }
        let due = everything ? Instant(nanoseconds: .max) : now
        while let output = buffer?.output(at: due) { hear(output, parameters, now, &heard) }
        return heard
    }

    private mutating func hear(
        _ output: JitterBuffer.Output, _ parameters: MediaSessionParameters, _ now: Instant,
        _ heard: inout Heard
    ) {
        switch output {
        case .lost: wasLost = true
        case .packet(let packet): play(packet, parameters, now, &heard)
        }
    }

    private mutating func play(
        _ packet: BufferedPacket, _ parameters: MediaSessionParameters, _ now: Instant,
        _ heard: inout Heard
    ) {
        let payloadType = packet.header.payloadType
        guard !parameters.telephoneEvents.contains(payloadType) else { return }
        let format = parameters.receivable[payloadType]
        if let format, self.format != format {
            guard let fresh = try? SoundTimeline(format) else { return }
            self.format = format
            inband = InbandDigits(rate: fresh.rate)
            timeline = .some(fresh)
        }
        guard let rate = timeline?.rate else { return }
        if heard.pieces.last?.rate != rate {
            heard.pieces.append(Heard.Piece(samples: [], rate: rate))
        }
        let last = heard.pieces.count - 1
        let start = heard.pieces[last].samples.count
        if format == nil {
            timeline?.takeNoise(packet, at: now, into: &heard.pieces[last].samples)
        } else {
            timeline?.take(
                packet, wasLost: wasLost, at: now, into: &heard.pieces[last].samples)
        }
        wasLost = false
        guard parameters.telephoneEvents.isEmpty, let inband else { return }
        let fresh = heard.pieces[last].samples[start...]
        if !fresh.isEmpty { heard.keys += inband.listen(fresh) }
    }

    /// A block for a report; nil before anything came.
    package mutating func report(
        lastSenderReport: NTPTime?, since: Interval
    ) -> ReportBlock? {
        guard let ssrc else { return nil }
        return statistics?.report(
            ssrc: ssrc, lastSenderReport: lastSenderReport, sinceLastSenderReport: since)
    }

    /// What became of the packets so far.
    package var counts: JitterBuffer.Counts {
        var all = earlier
        if let buffer { all.add(buffer.counts) }
        return all
    }
}
