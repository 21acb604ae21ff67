package import Logging
package import NIOCore
import Playout
import Primitives
import SDP
import SIP
import UserAgent

/// One call of the test phone: dials, listens, measures, hangs up.
///
///     dialling ──2xx──▶ talking ──holdAfter──▶ holding ──holdTime──▶ talking
///        │ 302, once: dialling anew               │
///        └──────────────── ended ◀────────────────┘
package final class SoftphoneCall: @unchecked Sendable {  // All state is confined to `loop`.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What to show while the call goes on.
    package struct Progress: Sendable {
        /// Of the last packet, in dBFS.
        package var level: Double
        package var codec: String
        package var seconds: Double
        package var isHolding: Bool
    }

    private enum State {
        case idle
        case dialling
        case talking
        case ended
    }

    /// What our own offer under way is to bring about.
    private enum HoldStep {
        case none
        case asksToHold
        case holds
        case asksToResume
    }

    private let options: CallOptions
    private let loop: any EventLoop
    private let log: Logger
    private let progress: @Sendable (Progress) -> Void

    private var state = State.idle
    private var hold = HoldStep.none
    private var agent: UserAgent?
    private var media: PhoneMedia?
    private var exchange: OfferAnswer?
    private var session: SessionID?
    private var report: CallReport
    private var ended: EventLoopPromise<Void>?
    private var timers: [Scheduled<Void>] = []
    private var dialled: Instant?
    private var answered: Instant?
    private var resumed: Instant?
    private var packetsBeforeHold = 0
    private var hasFollowedRedirect = false
    private var wantsToHangUp = false
    private var lastProgress = Instant(nanoseconds: 0)

    /// - Parameter progress: called on the loop, ten times a second while something is heard.
    package init(
        _ options: CallOptions, on loop: any EventLoop, log: Logger,
        progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) {
        self.options = options
        self.loop = loop
        self.log = log
        self.progress = progress
        report = CallReport(uri: "\(options.uri)")
    }

    /// Makes the call, and returns when it is over; throws only when it can't even be tried.
    package func run() async throws -> CallReport {
        guard options.uri.scheme.isSIP else {
            throw Failure(description: "\(options.uri): not a sip: URI")
        }
        let host = options.uri.host.address?.description ?? "\(options.uri.host)"
        guard let local = options.local ?? localAddress(toward: host) else {
            throw Failure(description: "\(host): no such host, or no route to it")
        }
        // Before the call, and not on its loop: reading a long file would hold up the ACK.
        var speech: [Int: SoundFile] = [:]
        if let path = options.playPath {
            for rate in Set(options.codecs.map(\.format.sampleRate)) {
                speech[rate] = try SoundFile(path: path, sampleRate: rate)
            }
        }
        let agent = makeAgent(local)
        try await agent.start()
        do {
            try await loop.flatSubmit { [speech] in self.begin(agent, local, speech) }.get()
        } catch {
            await agent.stop()
            throw error
        }
        // The answer to our BYE.
        _ = await agent.drain(within: .seconds(2))
        await agent.stop()
        return try await loop.submit { self.finishReport() }.get()
    }

    /// Ends the call, from any thread; `run` returns soon after.
    package func hangUp() {
        loop.execute {
            self.wantsToHangUp = true
            self.endSession()
        }
    }

    // MARK: Dialling

    private func makeAgent(_ local: IPAddress) -> UserAgent {
        let endpoint = Endpoint(local, port: 0)
        var core = UserAgentCore.Configuration(identity: "phone", points: [])
        core.product = "Intermezzo test phone"
        // A request over UDP, or a connection, whichever the other side prefers to use.
        return UserAgent(
            UserAgentConfiguration(
                listen: [ListenAddress(.udp, endpoint), ListenAddress(.tcp, endpoint)], core: core),
            application: Relay(self), on: loop, log: log)
    }

    private func begin(
        _ agent: UserAgent, _ local: IPAddress, _ speech: [Int: SoundFile]
    ) -> EventLoopFuture<Void> {
        self.agent = agent
        let ended = loop.makePromise(of: Void.self)
        self.ended = ended
        do {
            dial(
                try PhoneMedia(
                    on: local, loop: loop, codecs: options.codecs,
                    recordingPath: options.recordingPath, speech: speech,
                    playAfter: options.playAfter))
        } catch {
            ended.fail(error)
        }
        return ended.futureResult
    }

    private func dial(_ media: PhoneMedia) {
        self.media = media
        media.heard = { [unowned self] in heard($0) }
        media.failed = { [unowned self] in failed($0) }
        media.spoken = { [unowned self] in
            // The last words are under way for a moment.
            if options.duration == nil { after(.milliseconds(500)) { $0.endSession() } }
        }
        exchange = OfferAnswer(
            sessionID: UInt64.random(in: 1...UInt64(Int64.max)),
            capabilities: LocalCapabilities(
                formats: options.codecs.map(\.supported), local: media.local,
                preference: .ours, offeredDirection: .sendrecv,
                families: media.local.address.isIPv6 ? .ipv6 : .ipv4))
        guard !wantsToHangUp else { return finish("not dialled") }
        after(options.answerLimit) { call in
            guard call.state == .dialling else { return }
            call.report.failure = "no answer within \(call.options.answerLimit.seconds) s"
            call.endSession()
        }
        invite(options.uri)
    }

    private func invite(_ uri: URI) {
        guard let agent, let offer = exchange?.makeOffer() else { return }
        var call = OutgoingCall(to: uri, from: options.from, offer: .sdp(offer.serialised()))
        call.local = media?.local.address
        call.transport = options.transport
        state = .dialling
        dialled = .now
        session = agent.invite(call)
        report.callID = session.flatMap { agent.callID(of: $0) }
    }

    // MARK: What comes back

    fileprivate func handle(_ event: UserAgentCore.Event, from agent: UserAgent) {
        switch event {
        case .progressed(let id, _, let body) where id == session:
            if let body { settle(body) }
        case .accepted(let id, let response, let answer) where id == session:
            accepted(response, answer)
        case .offerAccepted(let id, _, let answer) where id == session:
            offerAccepted(answer)
        case .offerRejected(let id, let response) where id == session:
            exchange?.withdrawOffer()
            report.failure = "hold refused: \(response.status) \(response.reason)"
            endSession()
        case .reoffered(let id, _, let offer) where id == session:
            reoffered(offer)
        case .offerWanted(let id, _) where id == session:
            guard let offer = exchange?.makeOffer() else { return }
            agent.acceptOffer(id, body: .sdp(offer.serialised()))
        case .answered(let id, let body) where id == session:
            settle(body)
        case .offerUnanswered(let id) where id == session:
            exchange?.withdrawOffer()
        case .ended(let id, let cause) where id == session:
            sessionEnded(cause)
        case .invited(let id, _, _, _):
            agent.reject(id, Rejection(.busyHere))
        default:
            break
        }
    }

    private func accepted(_ response: Response, _ answer: MessageBody?) {
        report.status = Int(response.status.value)
        report.reason = response.reason
        answered = .now
        if let dialled { report.setUpTime = (Instant.now - dialled).seconds * 1_000 }
        state = .talking
        guard answer != nil || exchange?.negotiated != nil else {
            report.failure = "the answer to the call holds no session description"
            return endSession()
        }
        if let answer { settle(answer) }
        if wantsToHangUp { return endSession() }
        if let duration = options.duration { after(duration) { $0.endSession() } }
        if let holdAfter = options.holdAfter { after(holdAfter) { $0.startHold() } }
    }

    /// Takes an answer to our offer; one that repeats an earlier one of the same offer (a 200 after
    /// a 183) is passed over.
    private func settle(_ body: MessageBody) {
        do throws(AnswerFault) {
            guard let description = try? SessionDescription(parsing: body.bytes),
                let audio = try exchange?.accept(answer: description)
            else { return }
            apply(audio)
        } catch .unexpected {
        } catch {
            report.failure = error.description
            endSession()
        }
    }

    private func reoffered(_ body: MessageBody) {
        guard let session, let agent else { return }
        do throws(OfferRejection) {
            guard let offer = try? SessionDescription(parsing: body.bytes),
                let outcome = try exchange?.answer(to: offer)
            else { return agent.rejectOffer(session, Rejection(.notAcceptableHere)) }
            apply(outcome.audio)
            agent.acceptOffer(session, body: .sdp(outcome.answer.serialised()))
        } catch {
            agent.rejectOffer(
                session, Rejection(StatusCode(error.statusCode) ?? .notAcceptableHere))
        }
    }

    private func apply(_ audio: NegotiatedAudio) {
        report.remote = audio.remote.map { "\($0)" }
        media?.apply(audio)
    }

    // MARK: Hold

    private func startHold() {
        guard state == .talking, hold == .none else { return }
        hold = .asksToHold
        offer(.sendonly)
    }

    private func offerAccepted(_ answer: MessageBody?) {
        if let answer { settle(answer) }
        switch hold {
        case .asksToHold:
            hold = .holds
            // What was under way when the other side stopped may still come.
            after(.milliseconds(200)) { $0.packetsBeforeHold = $0.media?.packets ?? 0 }
            after(options.holdTime) { call in
                guard call.state == .talking else { return }
                call.report.packetsDuringHold = (call.media?.packets ?? 0) - call.packetsBeforeHold
                call.hold = .asksToResume
                call.offer(.sendrecv)
            }
        case .asksToResume:
            hold = .none
            resumed = .now
            media?.expectFirst()
        case .none, .holds:
            break
        }
    }

    private func offer(_ direction: Direction) {
        guard let session else { return }
        exchange?.capabilities.offeredDirection = direction
        exchange?.capabilities.direction = direction
        guard let offer = exchange?.makeOffer() else { return }
        agent?.offer(session, .sdp(offer.serialised()))
    }

    // MARK: The end

    private func endSession() {
        guard let session, state != .ended else {
            return state == .ended ? () : finish(report.failure)
        }
        agent?.end(session)
    }

    private func sessionEnded(_ cause: EndCause) {
        session = nil
        switch cause {
        case .failed(let response):
            if response.status.isRedirection, !hasFollowedRedirect, !wantsToHangUp,
                let contact = try? response.headers.contacts.list.first
            {
                hasFollowedRedirect = true
                exchange?.withdrawOffer()
                log.info("redirected", metadata: ["to": "\(contact.uri)"])
                return invite(contact.uri)
            }
            report.status = Int(response.status.value)
            report.reason = response.reason
            finish(report.failure ?? cause.summary)
        case .bye where answered != nil:
            finish(report.failure)
        case .hungUp:
            finish(report.failure ?? (answered == nil ? "given up before an answer" : nil))
        default:
            finish(report.failure ?? cause.summary)
        }
    }

    private func finish(_ failure: String?) {
        guard state != .ended else { return }
        state = .ended
        report.failure = failure
        if let answered { report.duration = (Instant.now - answered).seconds }
        for timer in timers { timer.cancel() }
        media?.close()
        ended?.succeed()
    }

    private func finishReport() -> CallReport {
        guard let media else { return report }
        report.codec = media.codec?.format.encodingName
        report.packetTime = media.packetTime
        report.packets = media.packets
        report.octets = media.octets
        report.lost = media.lost
        report.duplicates = media.duplicates
        report.late = media.late
        report.jitter = media.jitter
        report.longestGap = media.longestGap.seconds * 1_000
        report.packetsSent = media.packetsSent
        report.receiverReportsSent = media.receiverReportsSent
        report.senderReportsReceived = media.senderReportsReceived
        report.soundSeconds = media.meter.soundSeconds
        report.level = media.meter.average
        report.recording = media.packets > 0 ? options.recordingPath : nil
        if let answered, let first = media.firstPacket {
            report.firstPacketAfter = (first - answered).seconds * 1_000
        }
        if let resumed, let first = media.firstSince {
            report.resumedAfter = (first - resumed).seconds * 1_000
        }
        report.heardSound = report.soundSeconds >= CallReport.leastSound
        return report
    }

    // MARK: Small things

    private func heard(_ level: Double) {
        let now = Instant.now
        guard now - lastProgress >= .milliseconds(100) else { return }
        lastProgress = now
        progress(
            Progress(
                level: level, codec: media?.codec?.format.encodingName ?? "",
                seconds: answered.map { (now - $0).seconds } ?? 0, isHolding: hold != .none))
    }

    private func failed(_ error: any Error) {
        // The first is the cause of the others; a call that can't be recorded as asked has failed.
        guard report.failure == nil else { return }
        report.failure = "\(error)"
        endSession()
    }

    private func after(_ interval: Interval, _ body: @escaping @Sendable (SoftphoneCall) -> Void) {
        timers.append(
            loop.scheduleTask(in: .nanoseconds(interval.nanoseconds)) { [weak self] in
                if let self { body(self) }
            })
    }
}

/// Keeps the user agent from keeping the call.
private final class Relay: UserAgentApplication {
    private weak var call: SoftphoneCall?

    init(_ call: SoftphoneCall) { self.call = call }

    func handle(_ event: UserAgentCore.Event, from userAgent: UserAgent) {
        call?.handle(event, from: userAgent)
    }
}
