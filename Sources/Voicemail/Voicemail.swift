package import Directory
package import IVR
package import Logging
internal import MediaNegotiation
package import NIOCore
internal import NIOPosix
package import Playout
internal import Primitives
internal import SDP
package import SIP
package import Spool
package import UserAgent

/// Voicemail: answers for users who don't, records what callers say, and puts it in the spool.
///
/// Confined to the event loop of its ``UserAgent``: every method is called on it. The spool's disk
/// is waited for on threads of their own.
package final class Voicemail {
    let agent: UserAgent
    let media: InteractiveMedia
    let spool: Spool
    let trace: Trace
    let logger: Logger
    private let directory: any UserDirectory
    private let pending: @Sendable (String) -> Int
    private let packetTimes: (MediaFormat) -> [Int]
    let disk: NIOThreadPool
    var configuration: VoicemailConfiguration
    private var formats: OfferedFormats
    private var destinations: DestinationPolicy

    /// Calls whose user is being looked up.
    private var lookups: Set<SessionID> = []
    var visits: [SessionID: Visit] = [:]
    var sessions: [MediaSessionID: SessionID] = [:]
    /// Calls that are over, whose message is not yet in the queue.
    var finishing: [MediaSessionID: Visit] = [:] {
        didSet {
            guard finishing.isEmpty, let promise = finished else { return }
            finished = nil
            promise.succeed()
        }
    }
    private var finished: EventLoopPromise<Void>?
    private var nextSessionNumber: UInt64
    private var isDraining = false
    package internal(set) var statistics = VoicemailStatistics()

    /// - Parameters:
    ///   - pending: how many undelivered messages a user has.
    ///   - packetTimes: those in which a format fits a packet, in milliseconds.
    ///   - random: the first `o=` session number (RFC 8866 §5.2).
    package init(
        agent: UserAgent, media: InteractiveMedia, spool: Spool, directory: any UserDirectory,
        configuration: VoicemailConfiguration, logger: Logger,
        pending: @escaping @Sendable (String) -> Int,
        packetTimes: @escaping (MediaFormat) -> [Int], random: UInt64
    ) {
        self.agent = agent
        self.media = media
        self.spool = spool
        trace = Trace(spool)
        self.directory = directory
        self.configuration = configuration
        self.logger = logger
        self.pending = pending
        self.packetTimes = packetTimes
        nextSessionNumber = random >> 2
        disk = NIOThreadPool(numberOfThreads: 4)
        disk.start()
        formats = OfferedFormats(configuration.formats, packetTimes: packetTimes)
        destinations = DestinationPolicy(allowedNetworks: configuration.allowedNetworks)
    }

    /// Follows a changed configuration. Calls that stand go on as they are.
    package func apply(_ configuration: VoicemailConfiguration) {
        self.configuration = configuration
        formats = OfferedFormats(configuration.formats, packetTimes: packetTimes)
        destinations = DestinationPolicy(allowedNetworks: configuration.allowedNetworks)
    }

    /// From now on calls that end have ended because the node stops.
    package func drain() { isDraining = true }

    /// Messages that are being left now.
    package var callCount: Int { visits.count }

    /// Whether the disk has room for messages.
    package var hasRoom: Bool { !spool.isBelow(reserve: configuration.reserve) }

    /// Completes when every message of a call that is over is in the queue.
    package func finish() -> EventLoopFuture<Void> {
        guard !finishing.isEmpty else { return agent.eventLoop.makeSucceededVoidFuture() }
        let promise = finished ?? agent.eventLoop.makePromise(of: Void.self)
        finished = promise
        return promise.futureResult
    }

    /// Runs `body` where the disk may be waited for, then `completion` on the loop.
    func onDisk<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T,
        then completion: @escaping (Result<T, any Error>) -> Void
    ) {
        let completion = NIOLoopBound(completion, eventLoop: agent.eventLoop)
        disk.runIfActive(eventLoop: agent.eventLoop, body).whenComplete {
            completion.value($0)
        }
    }
}

// MARK: - A new call

extension Voicemail {
    /// Whether an INVITE may be for a mailbox: any user part but none.
    package func takes(_ request: Request) -> Bool { request.requestURI.user != nil }

    package func invited(_ id: SessionID, _ request: Request, on flow: Flow, offer: MessageBody?) {
        let isTrusted = configuration.trustedNetworks.contains {
            $0.contains(flow.remote.address)
        }
        let wanted = MailboxRequest(
            request, entry: configuration.historyEntry, trustsIdentity: isTrusted)
        let invited = WallClockTime.now
        let keys = wanted.candidates.compactMap { candidate in
            UserKey(candidate.name).map { (key: $0, rule: candidate.rule) }
        }
        guard !keys.isEmpty else {
            return refuse(id, .notFound, "unknown", "the request names no mailbox")
        }
        lookups.insert(id)
        let directory = directory
        let loop = agent.eventLoop
        let found = NIOLoopBound(
            { (result: Result<(User, MailboxRequest.Rule)?, DirectoryError>) in
                guard self.lookups.remove(id) != nil else { return }
                switch result {
                case .success((let user, let rule)?):
                    let arrival = Arrival(
                        request: wanted, rule: rule, callID: self.agent.callID(of: id) ?? "",
                        invited: invited, flow: flow, user: user, offer: offer)
                    self.found(arrival, id)
                case .success(nil):
                    let names = keys.compactMap(\.key.candidates.first).joined(separator: ", ")
                    self.refuse(id, .notFound, "unknown", "no user has the name or number \(names)")
                case .failure(let error):
                    self.agent.logger(for: id).error("the directory gives no answer: \(error)")
                    self.refuse(id, .serviceUnavailable, "directory", "the directory is away")
                }
            }, eventLoop: loop)
        Task {
            let result = await Voicemail.first(of: keys, in: directory)
            loop.execute { found.value(result) }
        }
    }

    private static func first(
        of keys: [(key: UserKey, rule: MailboxRequest.Rule)], in directory: any UserDirectory
    ) async -> Result<(User, MailboxRequest.Rule)?, DirectoryError> {
        do throws(DirectoryError) {
            for (key, rule) in keys {
                if let user = try await directory.user(key) { return .success((user, rule)) }
            }
            return .success(nil)
        } catch {
            return .failure(error)
        }
    }

    /// - Parameters:
    ///   - reason: for the metrics.
    ///   - told: for the log.
    private func refuse(
        _ id: SessionID, _ status: StatusCode, _ reason: String, _ told: String
    ) {
        statistics.refused[reason, default: 0] += 1
        agent.logger(for: id).info("voicemail refuses the call: \(told)")
        let headers: [Rejection.Field] =
            status == .serviceUnavailable
            ? [.init(.retryAfter, "\(configuration.retryAfter)")] : []
        agent.reject(id, Rejection(status, headers: headers))
    }

    private func found(_ arrival: Arrival, _ id: SessionID) {
        statistics.calls += 1
        let user = arrival.user
        if let server = user.voicemail.mailboxServer, let uri = mailbox(of: user, at: server) {
            noteTurnedAway(arrival, reason: "redirected to \(uri)")
            agent.logger(for: id).info("redirects the call to \(uri), where the mailbox is")
            return agent.reject(
                id, Rejection(.movedTemporarily, headers: [.init(.contact, "<\(uri)>")]))
        }
        do throws(MediaRefusal) {
            if let obstacle = obstacle(for: user) {
                statistics.refused[obstacle.reason, default: 0] += 1
                agent.logger(for: id).notice("no message for \(user.name): \(obstacle.reason)")
                noteTurnedAway(arrival, reason: obstacle.reason)
                try announce(obstacle.phrase, obstacle.status, to: arrival, id)
            } else {
                try answer(arrival, id)
            }
        } catch {
            statistics.refused["media", default: 0] += 1
            noteTurnedAway(arrival, reason: "media: \(error)")
            agent.logger(for: id).info("refuses the description: \(error)")
            if case .resources(let what) = error {
                logger.warning("voicemail has no media for a call: \(what)")
            }
            let host = (configuration.addresses.first ?? .loopbackV4).hostText
            agent.reject(
                id, error.rejection(from: host, retryAfter: configuration.retryAfter))
        }
    }

    private func mailbox(of user: User, at server: String) -> URI? {
        let text =
            server.lowercased().hasPrefix("sip") && server.contains(":")
            ? server : "sip:\(server)"
        guard var uri = URI(text) else { return nil }
        if uri.user == nil { uri.user = MailboxRequest.userPrefix + user.name }
        return uri
    }

    private func obstacle(
        for user: User
    ) -> (phrase: Phrase, status: StatusCode, reason: String)? {
        if !user.voicemail.isOn {
            return (.mailboxDisabled, configuration.fullResponse, "disabled")
        }
        if pending(user.name) >= configuration.mailboxMessages {
            return (.mailboxFull, configuration.fullResponse, "full")
        }
        if !hasRoom { return (.outOfOrder, .temporarilyUnavailable, "disk") }
        return nil
    }

    /// Early media with the reason, then the refusal (RFC 3960 §3.1): the call costs nothing, and
    /// whoever called sees that nobody was reached.
    ///
    /// Where early media can't be heard, the call is answered and ended after the announcement: an
    /// INVITE without an offer has nowhere to send it, and an address that has yet to prove itself
    /// would get its first second.
    private func announce(
        _ phrase: Phrase, _ status: StatusCode, to arrival: Arrival, _ id: SessionID
    ) throws(MediaRefusal) {
        let body = try begin(arrival, id, purpose: .answeredAnnouncement(status, phrase))
        let needsProof = visits[id]?.parameters?.unprovenPackets != nil
        guard arrival.offer != nil, !needsProof else { return agent.accept(id, body: body) }
        visits[id]?.purpose = .announcement(status)
        agent.progress(id, .sessionProgress, body: body)
        play(id, [.phrase(phrase)])
    }

    private func answer(_ arrival: Arrival, _ id: SessionID) throws(MediaRefusal) {
        let user = arrival.user
        let reason = arrival.request.reason
        let file =
            user.voicemail.greeting == .spoken ? nil : greeting(of: user, reason)
        let isNumber = user.name.allSatisfy { $0.isASCII && $0.isNumber }
        let items = Greeting.items(
            reason: reason, extensionNumber: isNumber ? user.name : nil, isOwn: file != nil)
        let deposit = Deposit(greeting: items, hasOperator: configuration.operator != nil)
        let body = try begin(arrival, id, purpose: .deposit(deposit))
        agent.accept(id, body: body)
        makeMessage(id, greeting: file ?? "spoken, \(user.language ?? configuration.language)")
    }

    /// Opens the media of a call.
    /// - Returns: our answer, or our offer where there was none.
    private func begin(
        _ arrival: Arrival, _ id: SessionID, purpose: Visit.Purpose
    ) throws(MediaRefusal) -> MessageBody {
        let flow = arrival.flow
        nextSessionNumber &+= 1
        var capabilities = LocalCapabilities(
            formats: formats.supported, local: flow.local, offeredDirection: .sendrecv)
        var families: LocalCapabilities.Families = []
        for address in configuration.addresses { families.insert(address.isIPv6 ? .ipv6 : .ipv4) }
        capabilities.families = families
        var exchange = OfferAnswer(sessionID: nextSessionNumber, capabilities: capabilities)
        let offer: SessionDescription?
        if let body = arrival.offer {
            offer = try SessionDescription(in: body)
        } else {
            offer = nil
        }
        let audio = try offer.map { offer throws(MediaRefusal) in try exchange.outcome(of: offer) }
        let called = audio?.remote?.address ?? flow.local.address
        guard let local = configuration.addresses.own(like: called) else {
            throw .offer(.addressFamily)
        }
        if let audio, let remote = audio.remote,
            destinations.verdict(destination: remote, source: flow.remote.address)
                == .refused
        {
            throw .destination(remote.address)
        }
        let opened: InteractiveMedia.Opened
        do throws(InteractiveMediaError) {
            opened = try media.open(on: local)
        } catch {
            throw .resources("\(error)")
        }
        exchange.capabilities.local = opened.rtp
        exchange.capabilities.localRTCP = opened.rtcp
        let description: SessionDescription
        do throws(MediaRefusal) {
            description =
                try offer.map { offer throws(MediaRefusal) in
                    try exchange.reply(to: offer).answer
                } ?? exchange.makeOffer()
        } catch {
            media.close(opened.id)
            throw error
        }
        visits[id] = Visit(
            arrival: arrival, exchange: exchange, media: opened, purpose: purpose)
        sessions[opened.id] = id
        if let audio { follow(id, audio) }
        return .sdp(description.serialised())
    }

    func greeting(of user: User, _ reason: Envelope.Reason) -> String? {
        let variants =
            user.voicemail.greeting == .temporary
            ? ["temporary"] : Greeting.variants(reason: reason).filter { $0 != "temporary" }
        return configuration.files.greeting(of: user.name, variants: variants)
    }
}

// MARK: - What happens to a call

extension Voicemail {
    /// Whether a session is one of ours.
    package func has(_ id: SessionID) -> Bool { visits[id] != nil || lookups.contains(id) }

    package func answered(_ id: SessionID, _ body: MessageBody) {
        guard var visit = visits[id] else { return }
        do {
            let answer = try SessionDescription(in: body)
            let audio = try visit.exchange.accept(answer: answer)
            visits[id]?.exchange = visit.exchange
            if let remote = audio.remote,
                destinations.verdict(
                    destination: remote, source: visit.flow.remote.address) == .refused
            {
                return agent.end(id, reason: "SIP;cause=488;text=\"Media can't be sent there\"")
            }
            follow(id, audio)
        } catch {
            agent.end(id, reason: "SIP;cause=488;text=\"Answer can't be used\"")
        }
    }

    package func reoffered(_ id: SessionID, offer body: MessageBody) {
        guard var visit = visits[id] else { return }
        do throws(MediaRefusal) {
            let offer = try SessionDescription(in: body)
            let (answer, audio) = try visit.exchange.reply(to: offer)
            if let remote = audio.remote,
                destinations.verdict(
                    destination: remote, source: visit.flow.remote.address) == .refused
            {
                throw .destination(remote.address)
            }
            visits[id]?.exchange = visit.exchange
            follow(id, audio)
            agent.acceptOffer(id, body: .sdp(answer.serialised()))
        } catch {
            let host = (configuration.addresses.first ?? .loopbackV4).hostText
            agent.rejectOffer(
                id, error.rejection(from: host, retryAfter: configuration.retryAfter))
        }
    }

    package func offerWanted(_ id: SessionID) {
        guard let offer = visits[id]?.exchange.makeOffer() else { return }
        agent.acceptOffer(id, body: .sdp(offer.serialised()))
    }

    package func offerLapsed(_ id: SessionID) { visits[id]?.exchange.withdrawOffer() }

    package func established(_ id: SessionID) {
        guard let visit = visits[id], !visit.isAcknowledged else { return }
        visits[id]?.isAcknowledged = true
        if let audio = visit.exchange.negotiated { follow(id, audio) }
        if case .answeredAnnouncement(_, let phrase) = visit.purpose {
            return play(id, [.phrase(phrase)])
        }
        handle(id, .established)
    }

    package func informed(_ id: SessionID, _ request: Request) {
        if let key = DigitBody.key(in: request) { handle(id, .key(key)) }
    }

    /// A NOTIFY about the operator's call (RFC 3515 §2.4.4).
    package func notified(_ id: SessionID, _ request: Request) {
        let status = String(decoding: request.body.prefix(64), as: UTF8.self)
        let code = status.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        // Connected or not, this call has nothing more to give.
        if code >= 200 { agent.end(id) }
    }

    package func ended(_ id: SessionID, _ cause: EndCause) {
        lookups.remove(id)
        guard let visit = visits[id] else { return }
        let isOurs = if case .hungUp = cause { true } else { false }
        handle(id, .ended(isOurs && isDraining ? .drained : .hungUp))
        guard let left = visits.removeValue(forKey: id) else { return }
        sessions[visit.media.id] = nil
        finishing[visit.media.id] = left
        media.close(visit.media.id)
        settle(visit.media.id)
    }

    /// Lets the media follow what was settled.
    private func follow(_ id: SessionID, _ audio: NegotiatedAudio) {
        guard let visit = visits[id], let format = formats.mediaFormat(of: audio) else { return }
        var parameters = MediaSessionParameters(
            format: format, payloadType: audio.payloadType, packetTime: audio.packetTime,
            receivable: audio.receivable.compactMapValues { formats.format(at: $0) },
            telephoneEvents: Set(audio.telephoneEvents.map(\.payloadType)),
            remote: audio.remote,
            remoteRTCP: audio.remote.flatMap {
                destinations.reports(
                    to: audio.remoteRTCP, media: $0, source: visit.flow.remote.address)
            },
            isSending: audio.sends,
            isHeld: !audio.sends || !audio.direction.receives)
        parameters.rtcpMux = audio.rtcpMux
        let source = visit.flow.remote.address
        parameters.signalling = source
        parameters.isSymmetric = configuration.symmetricNetworks.contains { $0.contains(source) }
        let isSame = audio.remote == visit.parameters?.remote
        if let remote = audio.remote {
            switch destinations.verdict(destination: remote, source: source) {
            case .allowed, .refused: break
            case .untilAcknowledged:
                if !visit.isAcknowledged {
                    parameters.unprovenPackets = configuration.unprovenPackets
                }
            case .untilProved:
                if !(visit.isProved && isSame) {
                    parameters.unprovenPackets = configuration.unprovenPackets
                }
            }
        }
        guard parameters != visit.parameters else { return }
        visits[id]?.parameters = parameters
        if !isSame { visits[id]?.isProved = false }
        media.set(visit.media.id, parameters)
    }
}
