import Playout
import Primitives
import RTP

/// What comes from the peer, put in order and made sound of.
struct Reception: ~Copyable {
    private var buffer: JitterBuffer?
    private var timeline: SoundTimeline?
    private var format: MediaFormat?
    private var wasLost = false
    private var lastSound: Instant?
    private var events = TelephoneEventDecoder()
    private var inband: InbandDigits?
    private(set) var statistics: ReceptionStatistics?
    private(set) var ssrc: UInt32?

    /// Payload type of comfort noise at 8 kHz (RFC 3389, RFC 3551).
    private static let comfortNoise: UInt8 = 13

    /// What one call of ``sound(at:_:)`` found.
    struct Heard {
        var samples: [Int16] = []
        var rate = 8000
        var keys: [Character] = []
    }

    /// A packet came.
    /// - Returns: a key that it tells of.
    mutating func receive(
        _ packet: BufferedPacket, _ parameters: MediaSessionParameters, at now: Instant
    ) -> Character? {
        let header = packet.header
        let isEvent = parameters.telephoneEvents.contains(header.payloadType)
        let isNoise = header.payloadType == Reception.comfortNoise
        guard isEvent || isNoise || parameters.receivable[header.payloadType] != nil else {
            return nil
        }
        let clockRate =
            parameters.receivable[header.payloadType]?.clockRate ?? parameters.format.clockRate
        if buffer?.clockRate != clockRate {
            guard !isEvent && !isNoise else { return note(event: packet) }
            buffer = JitterBuffer(clockRate: clockRate)
        }
        if ssrc != header.ssrc {
            statistics = ReceptionStatistics(first: header.sequenceNumber, clockRate: clockRate)
            ssrc = header.ssrc
        }
        _ = statistics?.receive(header.sequenceNumber, timestamp: header.timestamp, at: now)
        if buffer?.insert(packet, at: now) == .restarted {
            timeline?.restart()
            wasLost = false
        }
        // Keys count when they come: order matters to sound alone.
        return isEvent ? note(event: packet) : nil
    }

    private mutating func note(event packet: BufferedPacket) -> Character? {
        switch events.receive(payload: packet.payload, timestamp: packet.header.timestamp) {
        case .began(let event), .whole(let event, _): event.digit
        case .ended, nil: nil
        }
    }

    /// The sound that is due, in order.
    /// - Parameter everything: what is not due yet, too.
    mutating func sound(
        at now: Instant, _ parameters: MediaSessionParameters, everything: Bool = false
    ) -> Heard {
        var heard = Heard()
        let due = everything ? Instant(nanoseconds: .max) : now
        while let output = buffer?.output(at: due) {
            switch output {
            case .lost:
                wasLost = true
            case .packet(let packet):
                play(packet, parameters, now, &heard)
            }
        }
        return heard
    }

    private mutating func play(
        _ packet: BufferedPacket, _ parameters: MediaSessionParameters, _ now: Instant,
        _ heard: inout Heard
    ) {
        let payloadType = packet.header.payloadType
        guard !parameters.telephoneEvents.contains(payloadType) else { return }
        // No gap can be longer than the time since the last sound, but for what was held back.
        let gap = lastSound.map { Int((now - $0).nanoseconds / 1_000_000) + 1000 } ?? 0
        if payloadType == Reception.comfortNoise, parameters.receivable[payloadType] == nil {
            let start = heard.samples.count
            timeline?.takeNoise(packet, longestGap: gap, into: &heard.samples)
            if heard.samples.count > start { lastSound = now }
            return
        }
        guard let format = parameters.receivable[payloadType] else { return }
        if self.format != format {
            // What was heard in the other format's rate is lost with it: a change of codec.
            guard let fresh = try? SoundTimeline(format) else { return }
            self.format = format
            heard.samples = []
            inband =
                parameters.telephoneEvents.isEmpty ? InbandDigits(rate: fresh.rate) : nil
            timeline = .some(fresh)
        }
        let start = heard.samples.count
        timeline?.take(packet, wasLost: wasLost, longestGap: gap, into: &heard.samples)
        wasLost = false
        lastSound = now
        heard.rate = timeline?.rate ?? 8000
        if let inband, heard.samples.count > start {
            heard.keys += inband.listen(heard.samples[start...])
        }
    }

    /// A block for a report; nil before anything came.
    mutating func report(
        lastSenderReport: NTPTime?, since: Interval
    ) -> ReportBlock? {
        guard let ssrc else { return nil }
        return statistics?.report(
            ssrc: ssrc, lastSenderReport: lastSenderReport, sinceLastSenderReport: since)
    }
}
