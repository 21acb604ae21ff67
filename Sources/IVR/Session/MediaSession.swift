import Glibc
import MediaEngine
import Playout
import Primitives
import RTP

/// One call's media; confined to a media thread.
final class MediaSession: @unchecked Sendable {
    let id: MediaSessionID
    let sockets: SocketPair
    private let cname: String
    private let writer: RecordingWriter

    private(set) var parameters: MediaSessionParameters?
    private var voice: OutgoingVoice
    private var reception = Reception()
    private var latch = SourceLatch()
    private var recorder: Recorder?
    private var converter: RateConverter?
    /// The number of the last play that was asked for: what was asked for before is out of date.
    private var playNumber: UInt64 = 0

    private var nextPacket: Instant
    private var nextReport: Instant
    private var sentUnproven = 0
    private var isProved = false
    private var failures = 0
    private var lastSenderReport: (ntp: NTPTime, at: Instant)?
    private(set) var events: [MediaSessionEvent] = []

    /// ICMP errors in a row, without a packet between them, before the peer counts as gone.
    private static let tolerableFailures = 5

    init(
        id: MediaSessionID, sockets: SocketPair, cname: String, writer: RecordingWriter,
        now: Instant
    ) {
        self.id = id
        self.sockets = sockets
        self.cname = cname
        self.writer = writer
        var random = SystemRandomNumberGenerator()
        voice = OutgoingVoice(
            ssrc: random.next(), number: random.next(), timestamp: random.next())
        nextPacket = now
        nextReport = now + .milliseconds(Int.random(in: 1250...2500))
    }

    func takeEvents() -> [MediaSessionEvent] {
        defer { events = [] }
        return events
    }

    // MARK: Commands

    func set(_ parameters: MediaSessionParameters, at now: Instant) {
        if parameters.remote != self.parameters?.remote {
            isProved = false
            sentUnproven = 0
            failures = 0
        }
        latch.expect(parameters.remote, signalling: parameters.signalling)
        if self.parameters?.isHeld == true, !parameters.isHeld { reception.resume() }
        self.parameters = parameters
        do {
            try voice.configure(
                parameters.format, payloadType: parameters.payloadType,
                packetTime: parameters.packetTime)
        } catch {
            self.parameters?.isSending = false
        }
        if nextPacket < now { nextPacket = now }
    }

    /// - Parameter number: grows with each play and stop of the session.
    func play(_ sounds: [[Int16]], rate: Int, number: UInt64) {
        guard number >= playNumber else { return }
        playNumber = number
        voice.queue.replace(with: sounds, rate: rate)
    }

    func stopPlaying(number: UInt64) {
        playNumber = max(playNumber, number)
        voice.queue.clear()
    }

    func record(_ wanted: RecordingParameters, number: UInt64, at now: Instant) {
        stopRecording(at: now)
        let rate = SoundTimeline.rate(of: parameters?.format ?? .pcmu)
        recorder = Recorder(wanted, number: number, rate: rate, now: now)
        converter = nil
        writer.open(number, path: wanted.path, rate: rate)
    }

    /// What has come and waits for its turn belongs to it.
    func stopRecording(at now: Instant) {
        if recorder != nil, let parameters {
            _ = take(reception.sound(at: now, parameters, everything: true))
        }
        finishRecording(.stopped)
    }

    /// The writer gave up on a recording.
    func recordingFailed(_ number: UInt64, _ failure: String) {
        guard recorder?.number == number else { return }
        finishRecording(.failed(failure))
    }

    private func finishRecording(_ ending: RecordingSummary.Ending) {
        guard var recorder else { return }
        self.recorder = nil
        let rest = recorder.takeChunk()
        let isTaken = rest.isEmpty || writer.append(recorder.number, rest)
        let (verdict, rate, counts) = (recorder.verdict, recorder.rate, reception.counts)
        let deliver = deliver
        writer.close(recorder.number) { samples, failure in
            let failure = failure ?? (isTaken ? nil : "the disk is too slow")
            deliver?(
                .recorded(
                    RecordingSummary(
                        ending: failure.map { .failed($0) } ?? ending, sampleRate: rate,
                        samples: samples, verdict: verdict, packets: counts)))
        }
    }

    /// Tells an event from another thread; set by the owner.
    var deliver: (@Sendable (MediaSessionEvent) -> Void)?

    /// Says goodbye and ends what is recorded.
    func close(at now: Instant) {
        stopRecording(at: now)
        sendReport(at: now, goodbye: true)
    }

    // MARK: Time

    func tick(at now: Instant) {
        guard let parameters else { return }
        listen(at: now, parameters)
        while nextPacket <= now {
            send(parameters)
            nextPacket = nextPacket + .milliseconds(parameters.packetTime)
            // Having slept over it, the peer isn't flooded.
            if nextPacket + .milliseconds(500) < now { nextPacket = now }
        }
        if voice.queue.takeEnd() { events.append(.played) }
        if now >= nextReport {
            sendReport(at: now, goodbye: false)
            nextReport = now + .milliseconds(Int.random(in: 2500...7500))
        }
    }

    private func listen(at now: Instant, _ parameters: MediaSessionParameters) {
        let isTaken = take(reception.sound(at: now, parameters))
        guard var recorder else { return }
        guard isTaken else { return finishRecording(.failed("the disk is too slow")) }
        if parameters.isHeld { recorder.suspend(at: now) }
        if recorder.isWarningDue(),
            case .tone(let frequency, let milliseconds, let level) = PlayItem.warningTone
        {
            voice.queue.append(
                Tone.samples(
                    frequency: frequency, milliseconds: milliseconds, level: level, rate: 8000),
                rate: 8000)
        }
        self.recorder = recorder
        if let ending = recorder.ending(at: now, isHeld: parameters.isHeld) {
            finishRecording(ending)
        }
    }

    /// Gives what was heard to the recording.
    /// - Returns: false when the disk is too far behind.
    private func take(_ heard: Reception.Heard) -> Bool {
        for key in heard.keys { events.append(.key(key)) }
        var isTaken = true
        for piece in heard.pieces {
            guard let recorder else { break }
            var sound = piece.samples
            if piece.rate != recorder.rate {
                if converter?.input != piece.rate {
                    converter = RateConverter(from: piece.rate, to: recorder.rate)
                }
                sound = converter?.convert(sound) ?? []
            }
            if let chunk = self.recorder?.append(sound[...]) {
                isTaken = writer.append(recorder.number, chunk) && isTaken
            }
        }
        return isTaken
    }

    // MARK: Sending

    private func send(_ parameters: MediaSessionParameters) {
        guard parameters.isSending, let remote = destination(parameters) else {
            return voice.skip()
        }
        if !isProved, let limit = parameters.unprovenPackets {
            guard sentUnproven < limit else { return voice.skip() }
            sentUnproven += 1
        }
        guard let packet = voice.packet() else { return }
        sockets.rtp.send(packet, to: remote)
    }

    private func destination(_ parameters: MediaSessionParameters) -> Endpoint? {
        parameters.isSymmetric ? latch.source ?? parameters.remote : parameters.remote
    }

    private func sendReport(at now: Instant, goodbye: Bool) {
        guard let parameters, let remote = parameters.remoteRTCP,
            isProved || parameters.unprovenPackets == nil
        else { return }
        let block = reception.report(
            lastSenderReport: lastSenderReport?.ntp,
            since: lastSenderReport.map { now - $0.at } ?? .zero)
        let blocks = block.map { [$0] } ?? []
        var packets: [RTCPPacket] =
            voice.packets == 0
            ? [.receiverReport(ReceiverReport(ssrc: voice.source, reports: blocks))]
            : [
                .senderReport(
                    SenderReport(
                        ssrc: voice.source, ntpTime: NTPTime(MachineClock.wall()),
                        rtpTimestamp: voice.nextTimestamp, packetCount: voice.packets,
                        octetCount: voice.octets, reports: blocks))
            ]
        packets.append(.sourceDescription(SourceDescription(ssrc: voice.source, cname: cname)))
        if goodbye { packets.append(.goodbye(Goodbye(sources: [voice.source]))) }
        (parameters.rtcpMux ? sockets.rtp : sockets.rtcp)
            .send(RTCPPacket.serialise(packets), to: remote)
    }

    // MARK: Receiving

    func received(_ datagram: [UInt8], from source: Endpoint, isRTCP: Bool, at now: Instant) {
        guard let parameters else { return }
        switch DatagramKind(datagram.span) {
        case .rtp:
            guard !isRTCP, let packet = try? BufferedPacket(parsing: datagram),
                latch.accepts(source, at: now)
            else { return }
            failures = 0
            prove(source, parameters)
            recorder?.packetCame(at: now)
            if let key = reception.receive(packet, parameters, at: now) {
                events.append(.key(key))
            }
        case .rtcp:
            receivedRTCP(datagram, from: source, parameters, now)
        case .stun, .dtls, .unknown:
            break
        }
    }

    private func receivedRTCP(
        _ datagram: [UInt8], from source: Endpoint, _ parameters: MediaSessionParameters,
        _ now: Instant
    ) {
        let expected = [parameters.remoteRTCP?.address, parameters.remote?.address]
        guard expected.contains(source.address) || source.address == latch.source?.address,
            let packets = try? RTCPPacket.parse(datagram)
        else { return }
        failures = 0
        prove(source, parameters)
        for packet in packets {
            switch packet {
            case .senderReport(let report): lastSenderReport = (report.ntpTime, now)
            case .goodbye(let goodbye):
                if let ssrc = reception.ssrc, goodbye.sources.contains(ssrc) {
                    events.append(.saidGoodbye)
                }
            default: break
            }
        }
    }

    private func prove(_ source: Endpoint, _ parameters: MediaSessionParameters) {
        guard !isProved, source.address == parameters.remote?.address else { return }
        isProved = true
        events.append(.proved)
    }

    /// The kernel told of ICMP errors.
    func readErrors() {
        let before = failures
        for socket in [sockets.rtp, sockets.rtcp] {
            socket.receiveErrors { destination, code in
                // RTCP ports are often closed; only what hears us counts.
                if destination == parameters?.remote, code == ECONNREFUSED { failures += 1 }
            }
        }
        let limit = MediaSession.tolerableFailures
        if before < limit, failures >= limit { events.append(.unreachable) }
    }
}
