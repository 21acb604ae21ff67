import Codec
import MediaEngine
import NIOCore
import Playout
import Primitives
import RTP
import SDP
import UserAgent

/// The media of one test call: a pair of UDP ports, what comes in decoded and measured, and what
/// goes out in its pace. Sends from the port that it receives on, as every phone should.
///
/// Confined to its event loop.
final class PhoneMedia {
    /// Where RTP is received; RTCP one port above.
    var local: Endpoint { sockets.rtp.local }

    /// Called with each decoded packet: its level in dBFS.
    var heard: (Double) -> Void = { _ in }
    /// A fault of the recording or a codec; the call goes on.
    var failed: (any Error) -> Void = { _ in }

    private let loop: any EventLoop
    private let sockets: SocketPair
    private let reader = DatagramReader()
    private let codecs: [PhoneCodec]
    private let recordingPath: String?
    /// What is said, by sample rate.
    private let speech: [Int: SoundFile]
    private var turn: SpeakingTurn
    /// The file was played to its end; told once.
    var spoken: () -> Void = {}
    private var hasToldSpoken = false

    private var audio: NegotiatedAudio?
    private var ticks: RepeatedTask?
    private(set) var meter = LevelMeter()

    // What comes.
    private var buffer: JitterBuffer?
    private var decoders: [Int: PhoneDecoder] = [:]
    private var recording: RecordingFile?
    private var expectedTimestamp: UInt32?
    private var reception: (ssrc: UInt32, statistics: ReceptionStatistics)?
    private var lostBefore = 0
    private var lastArrival: Instant?
    private var lastSenderReport: (time: NTPTime, arrival: Instant)?
    private(set) var packets = 0
    private(set) var octets = 0
    private(set) var duplicates = 0
    private(set) var late = 0
    private(set) var longestGap = Interval.zero
    private(set) var firstPacket: Instant?
    private(set) var codec: PhoneCodec?
    private(set) var packetTime: Int?
    private(set) var senderReportsReceived = 0
    /// When the first packet came after `expectFirst`.
    private(set) var firstSince: Instant?

    // What goes.
    private var source: PhoneSource?
    private var nextSend: Instant?
    private let ssrc = UInt32.random(in: .min ... .max)
    private var sequence = SequenceNumber(UInt16.random(in: .min ... .max))
    private var timestamp = UInt32.random(in: .min ... .max)
    private var isFirstSent = true
    private(set) var packetsSent = 0
    private var octetsSent = 0
    private(set) var receiverReportsSent = 0
    private var nextReport: Instant?
    private let cname = "phone-\(UInt64.random(in: 0 ... .max))"

    private static let reportInterval = Interval.seconds(5)

    /// Opens an even port and the one above on `address`.
    init(
        on address: IPAddress, loop: any EventLoop, codecs: [PhoneCodec], recordingPath: String?,
        speech: [Int: SoundFile], playAfter: Interval?
    ) throws(MediaEngineError) {
        var ports = PortPairs(20_000...59_999, start: .random(in: 0..<20_000))
        sockets = try ports.take(on: address, dscp: 0, bufferOctets: 1 << 20)
        self.loop = loop
        self.codecs = codecs
        self.recordingPath = recordingPath
        self.speech = speech
        turn = SpeakingTurn(delay: playAfter)
        for socket in [sockets.rtp, sockets.rtcp] { reader.prepare(socket.descriptor) }
    }

    /// Sends and receives from now on as agreed.
    func apply(_ audio: NegotiatedAudio) {
        if audio.format != self.audio?.format || audio.packetTime != self.audio?.packetTime {
            do {
                source =
                    try codecs.indices.contains(audio.format)
                    ? PhoneSource(
                        codecs[audio.format].format, packetTime: audio.packetTime,
                        resuming: source,
                        samples: speech[codecs[audio.format].format.sampleRate]?.samples ?? [])
                    : nil
            } catch {
                source = nil
                failed(error)
            }
        }
        self.audio = audio
        if audio.sends { nextSend = nextSend ?? .now } else { nextSend = nil }
        // A pause that was agreed is no gap.
        lastArrival = nil
        guard ticks == nil else { return }
        nextReport = .now + .milliseconds(Int.random(in: 1_250...2_500))
        let media = NIOLoopBound(self, eventLoop: loop)
        ticks = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { _ in
            media.value.tick()
        }
    }

    /// From now on `firstSince` is looked for anew.
    func expectFirst() { firstSince = nil }

    /// Says goodbye, decodes what waits, ends the recording and closes the ports.
    func close() {
        ticks?.cancel()
        if ticks != nil { receive(at: reader.readClocks()) }
        playOut(until: Instant(nanoseconds: .max))
        if audio?.remoteRTCP != nil { sendReport(goodbye: true) }
        ticks = nil
        do { try recording?.flush() } catch { failed(error) }
        recording = nil
    }

    /// Packets that never came, of all sources.
    var lost: Int {
        lostBefore + Int(max(0, reception?.statistics.cumulativeLost ?? 0))
    }

    /// In milliseconds.
    var jitter: Double {
        guard let reception, let codec else { return 0 }
        return Double(reception.statistics.jitter) * 1_000 / Double(codec.format.clockRate)
    }

    // MARK: What comes

    private func receive(at now: Instant) {
        for socket in [sockets.rtp, sockets.rtcp] {
            reader.read(socket.descriptor, at: now) { datagram, _, arrival in
                received(datagram, at: arrival)
            }
            // Nobody at the other port: signalling decides about the call.
            socket.receiveErrors { _, _ in }
        }
    }

    private func received(_ datagram: [UInt8], at arrival: Instant) {
        switch DatagramKind(datagram.span) {
        case .rtp: receivedRTP(datagram, at: arrival)
        case .rtcp: receivedRTCP(datagram, at: arrival)
        case .stun, .dtls, .unknown: break
        }
    }

    private func receivedRTP(_ datagram: [UInt8], at now: Instant) {
        guard let audio, let packet = try? BufferedPacket(parsing: datagram),
            let format = audio.receivable[packet.header.payloadType],
            codecs.indices.contains(format)
        else { return }
        if codec != codecs[format] {
            playOut(until: Instant(nanoseconds: .max))
            codec = codecs[format]
            buffer = nil
            expectedTimestamp = nil
        }
        packets += 1
        octets += packet.payload.count
        firstPacket = firstPacket ?? now
        firstSince = firstSince ?? now
        if let lastArrival { longestGap = max(longestGap, now - lastArrival) }
        lastArrival = now
        measure(packet.header, codecs[format], now)
        var buffer = self.buffer ?? JitterBuffer(clockRate: codecs[format].format.clockRate)
        switch buffer.insert(packet, at: now) {
        case .accepted, .outOfRange: break
        case .duplicate: duplicates += 1
        case .late: late += 1
        case .restarted: expectedTimestamp = nil
        }
        self.buffer = buffer
    }

    private func measure(_ header: RTPHeader, _ codec: PhoneCodec, _ now: Instant) {
        if reception?.ssrc != header.ssrc {
            lostBefore = lost
            reception = (
                header.ssrc,
                ReceptionStatistics(
                    first: header.sequenceNumber, clockRate: codec.format.clockRate)
            )
        }
        _ = reception?.statistics.receive(
            header.sequenceNumber, timestamp: header.timestamp, at: now)
    }

    private func receivedRTCP(_ datagram: [UInt8], at arrival: Instant) {
        guard let packets = try? RTCPPacket.parse(datagram) else { return }
        for case .senderReport(let report) in packets where report.ssrc == reception?.ssrc {
            lastSenderReport = (report.ntpTime, arrival)
            senderReportsReceived += 1
        }
    }

    /// Decodes what is due.
    private func playOut(until now: Instant) {
        guard var buffer, let codec, let format = codecs.firstIndex(of: codec) else { return }
        while let output = buffer.output(at: now) {
            switch output {
            case .lost: break  // The timestamp of the next packet tells how much is missing.
            case .packet(let packet): play(packet, codec, format)
            }
        }
        self.buffer = buffer
    }

    private func play(_ packet: BufferedPacket, _ codec: PhoneCodec, _ index: Int) {
        let format = codec.format
        do {
            let decoder = try decoders[index] ?? PhoneDecoder(format)
            decoders[index] = decoder
            var samples: [Int16] = []
            if let expectedTimestamp {
                // What is missing, through loss or a pause, takes its time in the recording too.
                let missing = Int(Int32(bitPattern: packet.header.timestamp &- expectedTimestamp))
                if missing > 0, missing < 60 * format.clockRate {
                    try decoder.conceal(
                        missing * format.sampleRate / format.clockRate, into: &samples)
                }
            }
            let before = samples.count
            try decoder.decode(packet.payload, into: &samples)
            let count = samples.count - before
            let level = meter.measure(samples[before...], sampleRate: format.sampleRate)
            packetTime = count * 1_000 / format.sampleRate
            turn.heard(level, seconds: Double(count) / Double(format.sampleRate))
            expectedTimestamp =
                packet.header.timestamp
                &+ UInt32(truncatingIfNeeded: count * format.clockRate / format.sampleRate)
            try record(samples, format.sampleRate)
            heard(level)
        } catch {
            failed(error)
        }
    }

    private func record(_ samples: [Int16], _ sampleRate: Int) throws {
        guard let recordingPath else { return }
        let file = try recording ?? RecordingFile(path: recordingPath, sampleRate: sampleRate)
        recording = file
        try file.append(samples, sampleRate: sampleRate)
    }

    // MARK: What goes

    private func tick() {
        let now = reader.readClocks()
        receive(at: now)
        playOut(until: now)
        turn.advance(to: now)
        while let due = nextSend, due <= now, let audio {
            // After a long stall the missed packets are left out rather than sent at once.
            let behind = now - due > .milliseconds(200)
            nextSend = (behind ? now : due) + .milliseconds(audio.packetTime)
            sendPacket(audio)
        }
        if let due = nextReport, due <= now {
            let milliseconds = Int(PhoneMedia.reportInterval.seconds * 1_000)
            nextReport =
                now + .milliseconds(Int.random(in: milliseconds / 2...milliseconds * 3 / 2))
            sendReport(goodbye: false)
        }
    }

    private func sendPacket(_ audio: NegotiatedAudio) {
        guard let remote = audio.remote, let source else { return }
        do {
            let payload = try source.nextPayload(speaks: turn.hasCome)
            let header = RTPHeader(
                marker: isFirstSent, payloadType: audio.payloadType, sequenceNumber: sequence,
                timestamp: timestamp, ssrc: ssrc, payloadCount: payload.count)
            isFirstSent = false
            var packet: [UInt8] = []
            header.serialise(into: &packet)
            packet += payload
            sockets.rtp.send(packet, to: remote)
            sequence = sequence.advanced(by: 1)
            timestamp &+= UInt32(audio.packetTime * source.format.clockRate / 1_000)
            packetsSent += 1
            octetsSent += payload.count
            if !speech.isEmpty, source.isDone, !hasToldSpoken {
                hasToldSpoken = true
                spoken()
            }
        } catch {
            nextSend = nil
            failed(error)
        }
    }

    private func sendReport(goodbye: Bool) {
        guard let audio, let remote = audio.remoteRTCP else { return }
        var blocks: [ReportBlock] = []
        if reception != nil {
            let since = lastSenderReport.map { Instant.now - $0.arrival } ?? .zero
            let ssrc = reception?.ssrc ?? 0
            if let block = reception?.statistics.report(
                ssrc: ssrc, lastSenderReport: lastSenderReport?.time,
                sinceLastSenderReport: since)
            {
                blocks.append(block)
            }
        }
        var compound: [RTCPPacket] = []
        if packetsSent > 0 {
            compound.append(
                .senderReport(
                    SenderReport(
                        ssrc: ssrc, ntpTime: NTPTime(MachineClock.wall()), rtpTimestamp: timestamp,
                        packetCount: UInt32(truncatingIfNeeded: packetsSent),
                        octetCount: UInt32(truncatingIfNeeded: octetsSent), reports: blocks)))
        } else {
            compound.append(.receiverReport(ReceiverReport(ssrc: ssrc, reports: blocks)))
        }
        compound.append(.sourceDescription(SourceDescription(ssrc: ssrc, cname: cname)))
        if goodbye { compound.append(.goodbye(Goodbye(sources: [ssrc]))) }
        if !blocks.isEmpty { receiverReportsSent += 1 }
        (audio.rtcpMux ? sockets.rtp : sockets.rtcp)
            .send(RTCPPacket.serialise(compound), to: remote)
    }
}
