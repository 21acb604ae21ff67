internal import AudioLibrary
package import Directory
package import Logging
package import MediaEngine
internal import MediaNegotiation
internal import Playout
internal import Primitives
internal import SDP
package import SIP
package import UserAgent

/// Music on hold: answers calls to `moh` and `moh-CLASS` with the music of a class (RFC 7088).
///
/// Confined to the event loop of its ``UserAgent``: every method is called on it.
package final class MusicOnHold {
    private let agent: UserAgent
    private let engine: MediaEngine
    private let users: CachedDirectory
    private let logger: Logger
    private var configuration: MusicOnHoldConfiguration
    private var formats: OfferedFormats
    private var choice: ClassChoice
    private var destinations: DestinationPolicy

    /// Calls whose user is being asked for.
    private var deciding: Set<SessionID> = []
    private var calls: [SessionID: HeldCall] = [:]
    private var sessions: [StreamID: SessionID] = [:]
    /// Streams that are ending whose place is to be noted.
    private var resuming: [StreamID: (key: ResumePositions.Key, keepFor: Interval)] = [:]
    private var positions = ResumePositions()
    private var groups: [MulticastParameters: MulticastID] = [:]
    private var nextSessionNumber: UInt64
    /// Strangers name classes as they like.
    private var missingClasses = LogRateLimit()
    private var refusals = LogRateLimit()
    package private(set) var statistics = MusicOnHoldStatistics()

    /// - Parameter random: the first `o=` session number (RFC 8866 §5.2).
    package init(
        agent: UserAgent, engine: MediaEngine, users: CachedDirectory,
        configuration: MusicOnHoldConfiguration, logger: Logger, random: UInt64
    ) {
        self.agent = agent
        self.engine = engine
        self.users = users
        self.configuration = configuration
        self.logger = logger
        nextSessionNumber = random >> 2
        formats = OfferedFormats(configuration.formats, packetTimes: engine.packetTimes(of:))
        choice = MusicOnHold.choice(configuration, classes: [])
        destinations = DestinationPolicy(allowedNetworks: configuration.allowedNetworks)
    }

    private static func choice(
        _ configuration: MusicOnHoldConfiguration, classes: Set<String>
    ) -> ClassChoice {
        ClassChoice(
            defaultClass: configuration.defaultClass, called: configuration.called,
            classes: classes.union(configuration.classes.keys).union([configuration.defaultClass]))
    }

    /// Follows a changed configuration. Calls that stand go on as they are.
    package func apply(_ configuration: MusicOnHoldConfiguration) {
        self.configuration = configuration
        formats = OfferedFormats(configuration.formats, packetTimes: engine.packetTimes(of:))
        choice = MusicOnHold.choice(configuration, classes: choice.classes)
        destinations = DestinationPolicy(allowedNetworks: configuration.allowedNetworks)
        startAndStopGroups()
    }

    /// A class has something to play from now on.
    package func classIsReady(_ name: String) {
        choice.classes.insert(name)
        startAndStopGroups()
    }

    /// Calls that hear music now, by class.
    package var listeners: [String: Int] {
        calls.values.reduce(into: [:]) { $0[$1.className, default: 0] += 1 }
    }

    private func startAndStopGroups() {
        let wanted = Set(
            configuration.classes.flatMap { name, settings in
                choice.classes.contains(name) ? settings.multicast : []
            })
        for (parameters, id) in groups where !wanted.contains(parameters) {
            engine.stopMulticast(id)
            groups[parameters] = nil
        }
        for parameters in wanted where groups[parameters] == nil {
            do throws(MediaEngineError) {
                groups[parameters] = try engine.startMulticast(parameters)
            } catch .unknownClass {
                // Its playlist comes in a moment, and this is tried again.
            } catch {
                logger.error(
                    "no multicast of class \(parameters.classID) to \(parameters.group): \(error)")
            }
        }
    }
}

// MARK: - Calls

extension MusicOnHold {
    /// Whether an INVITE is for this application.
    package func takes(_ request: Request) -> Bool {
        request.requestURI.user.map(ClassChoice.isMusic) ?? false
    }

    /// A new call.
    package func invited(_ id: SessionID, _ request: Request, on flow: Flow, offer: MessageBody?) {
        let caller = Caller(request)
        if configuration.redirects, configuration.anycast.contains(flow.local.address),
            let address = configuration.addresses.own(like: flow.local.address)
        {
            return redirect(id, request, to: Endpoint(address, port: flow.local.port), by: flow)
        }
        let call = ClassChoice.Call(
            dialled: request.requestURI.user ?? "moh", user: caller.user, called: caller.called)
        let invitation = Invitation(call: call, resumeKey: caller.key, flow: flow, offer: offer)
        guard let key = caller.user.flatMap({ UserKey($0) }), !choice.isDecidedByAddress(call)
        else { return play(id, invitation) }
        if let known = users.known(key) { return play(id, invitation.of(known)) }
        deciding.insert(id)
        let (users, agent) = (users, agent)
        nonisolated(unsafe) let music = self  // Touched on the loop alone.
        Task {
            // Why there is no answer is in the log by now; the next rule decides.
            let user = try? await users.user(key)
            agent.execute { _ in
                guard music.deciding.remove(id) != nil else { return }
                music.play(id, invitation.of(user))
            }
        }
    }

    /// A call that waits for its class.
    private struct Invitation: Sendable {
        var call: ClassChoice.Call
        var resumeKey: String
        var flow: Flow
        var offer: MessageBody?

        func of(_ user: User?) -> Invitation {
            guard let user else { return self }
            var known = self
            known.call.user = user.name
            known.call.userClass = user.musicClass
            return known
        }
    }

    private func play(_ id: SessionID, _ invitation: Invitation) {
        let flow = invitation.flow
        let decision = choice.decide(invitation.call)
        for missing in decision.missing {
            statistics.missingClasses += 1
            guard let more = missingClasses.admit(.now) else { continue }
            agent.logger(for: id).warning(
                "class '\(missing.className.prefix(64))' is missing: \(missing.rule.rawValue)",
                metadata: more > 0 ? ["suppressed": "\(more)"] : nil)
        }
        let settings = configuration.classes[decision.className] ?? .init()
        let resumeKey = ResumePositions.Key(
            caller: invitation.resumeKey, className: decision.className)
        var source = StreamParameters.Source.live(ClassID(decision.className))
        var resumeFor = Interval.zero
        switch settings.start {
        case .live:
            break
        case .beginning:
            source = .personal(ClassID(decision.className), start: .zero)
        case .resume(let keep):
            let start = positions.take(resumeKey, now: Instant.now) ?? .zero
            source = .personal(ClassID(decision.className), start: start)
            resumeFor = keep
        }
        let context = CallContext(
            decision: decision, source: source, resumeKey: resumeFor > .zero ? resumeKey : nil,
            resumeFor: resumeFor, requestSource: flow.remote.address)
        do throws(MediaRefusal) {
            if let offer = invitation.offer {
                try answer(id, offer, context, on: flow)
            } else {
                try makeOffer(id, context, on: flow)
            }
            statistics.calls[decision.className, default: 0] += 1
        } catch {
            refuse(id, error) { agent.reject(id, $0) }
        }
    }

    /// What is settled about a call before its first description is read.
    private struct CallContext {
        var decision: ClassChoice.Decision
        var source: StreamParameters.Source
        var resumeKey: ResumePositions.Key?
        var resumeFor: Interval
        var requestSource: IPAddress
    }

    private func redirect(
        _ id: SessionID, _ request: Request, to endpoint: Endpoint, by flow: Flow
    ) {
        statistics.redirects += 1
        var contact = request.requestURI
        contact.host = .address(endpoint.address)
        // Whatever the caller wrote there would win over the host (RFC 3261 §19.1.1).
        contact.parameters.remove("maddr")
        contact.headers = nil
        contact.port = endpoint.port
        if flow.transport == .tcp { contact.parameters.set("transport", "tcp") }
        agent.logger(for: id).info("redirects the call to \(contact)")
        agent.reject(
            id,
            Rejection(.movedTemporarily, headers: [.init(.contact, "<\(contact)>")]))
    }

    private func answer(
        _ id: SessionID, _ body: MessageBody, _ context: CallContext, on flow: Flow
    ) throws(MediaRefusal) {
        let offer = try SessionDescription(in: body)
        var exchange = newExchange(context, local: flow.local)
        let audio = try exchange.outcome(of: offer)
        // RTP leaves from an address of the family that the phone named.
        guard
            let local = configuration.addresses.own(
                like: audio.remote?.address ?? flow.local.address)
        else {
            throw .offer(.addressFamily)
        }
        let parameters = try parameters(
            for: audio, source: context.source, local: local, requestSource: context.requestSource,
            isAcknowledged: false, isProved: false)
        let stream = try open(parameters)
        exchange.capabilities.local = stream.rtp
        exchange.capabilities.localRTCP = stream.rtcp
        let answer: SessionDescription
        do throws(OfferRejection) {
            answer = try exchange.answer(to: offer).answer
        } catch {
            engine.close(stream.id)
            throw .offer(error)
        }
        begin(id, context, exchange, stream, parameters)
        agent.accept(id, body: .sdp(answer.serialised()))
    }

    private func makeOffer(
        _ id: SessionID, _ context: CallContext, on flow: Flow
    ) throws(MediaRefusal) {
        var exchange = newExchange(context, local: flow.local)
        guard let local = configuration.addresses.own(like: flow.local.address) else {
            throw .offer(.addressFamily)
        }
        guard let format = configuration.formats.first else { throw .offer(.formats) }
        // Nothing is sent before the answer says where to.
        let parameters = StreamParameters(
            source: context.source, format: format, payloadType: 0, local: local, isSending: false)
        let stream = try open(parameters)
        exchange.capabilities.local = stream.rtp
        exchange.capabilities.localRTCP = stream.rtcp
        let offer = exchange.makeOffer()
        begin(id, context, exchange, stream, parameters)
        agent.accept(id, body: .sdp(offer.serialised()))
    }

    private func begin(
        _ id: SessionID, _ context: CallContext, _ exchange: OfferAnswer, _ stream: OpenStream,
        _ parameters: StreamParameters
    ) {
        calls[id] = HeldCall(
            className: context.decision.className, rule: context.decision.rule,
            resumeKey: context.resumeKey, resumeFor: context.resumeFor,
            source: context.requestSource, exchange: exchange, stream: stream,
            parameters: parameters)
        sessions[stream.id] = id
        agent.logger(for: id).info(
            "plays class \(context.decision.className), as \(context.decision.rule.rawValue)",
            metadata: whereto(parameters))
    }

    /// What a log line says of a stream: without it nobody knows why a phone hears nothing.
    private func whereto(_ parameters: StreamParameters) -> Logger.Metadata {
        // Our own offer is not answered yet, or the group is somebody else's stream.
        guard let destination = parameters.destination else { return [:] }
        var metadata: Logger.Metadata = [
            "codec": "\(parameters.format.encodingName)", "to": "\(destination)",
        ]
        if !parameters.isSending {
            metadata["sends"] = "nothing, as the phone asked"
        } else if parameters.proof != .none {
            metadata["sends"] = "little, until the phone shows that it is there"
        }
        return metadata
    }

    /// The answer to an offer of ours: in ACK, PRACK, or a 2xx.
    package func answered(_ id: SessionID, _ body: MessageBody) {
        guard var call = calls[id] else { return }
        guard let answer = try? SessionDescription(parsing: body.bytes) else {
            return agent.end(
                id, reason: "SIP;cause=488;text=\"Answer is not a session description\"")
        }
        do throws(AnswerFault) {
            let audio = try call.exchange.accept(answer: answer)
            calls[id] = call
            try? follow(id, audio)
        } catch {
            agent.end(id, reason: "SIP;cause=488;text=\"\(error.description)\"")
        }
    }

    /// A re-INVITE or UPDATE with an offer.
    package func reoffered(_ id: SessionID, offer body: MessageBody) {
        guard var call = calls[id] else { return }
        do throws(MediaRefusal) {
            let offer = try SessionDescription(in: body)
            let (answer, audio) = try call.exchange.reply(to: offer)
            // Only an exchange that the engine could follow counts.
            try follow(id, audio)
            calls[id]?.exchange = call.exchange
            agent.acceptOffer(id, body: .sdp(answer.serialised()))
        } catch {
            refuse(id, error) { agent.rejectOffer(id, $0) }
        }
    }

    /// A re-INVITE without an offer.
    package func offerWanted(_ id: SessionID) {
        guard let offer = calls[id]?.exchange.makeOffer() else { return }
        agent.acceptOffer(id, body: .sdp(offer.serialised()))
    }

    /// An offer of ours came to nothing: what was settled before holds.
    package func offerLapsed(_ id: SessionID) {
        calls[id]?.exchange.withdrawOffer()
    }

    /// The peer's ACK arrived.
    package func established(_ id: SessionID) {
        guard calls[id]?.isAcknowledged == false else { return }
        calls[id]?.isAcknowledged = true
        guard let audio = calls[id]?.exchange.negotiated else { return }
        try? follow(id, audio)
    }

    package func ended(_ id: SessionID) {
        deciding.remove(id)
        guard let call = calls.removeValue(forKey: id) else { return }
        sessions[call.stream.id] = nil
        if let key = call.resumeKey { resuming[call.stream.id] = (key, call.resumeFor) }
        engine.close(call.stream.id)
    }

    /// Lets the engine follow what was settled.
    private func follow(_ id: SessionID, _ audio: NegotiatedAudio) throws(MediaRefusal) {
        guard let call = calls[id] else { return }
        let parameters = try parameters(
            for: audio, source: call.parameters.source, local: call.parameters.local,
            requestSource: call.source, isAcknowledged: call.isAcknowledged,
            isProved: call.isProved && audio.remote == call.parameters.destination)
        guard parameters != call.parameters else { return }
        do throws(MediaEngineError) {
            try engine.update(call.stream.id, parameters)
        } catch {
            if case .ownPort(let endpoint) = error { throw .destination(endpoint.address) }
            throw .resources("\(error)")
        }
        calls[id]?.parameters = parameters
        if parameters.destination != call.parameters.destination
            || parameters.format != call.parameters.format
            || parameters.isSending != call.parameters.isSending
        {
            agent.logger(for: id).info("follows the phone", metadata: whereto(parameters))
        }
        calls[id]?.isProved = call.isProved && audio.remote == call.parameters.destination
    }
}

// MARK: - What the engine notices

extension MusicOnHold {
    package func noticed(_ event: StreamEvent) {
        switch event {
        case .unreachable(let stream):
            end(stream, "the listener's port is unreachable", "Media unreachable")
        case .rtcpBye(let stream):
            end(stream, "the listener said goodbye by RTCP", "RTCP BYE")
        case .rtcpSilent(let stream):
            end(stream, "the listener's RTCP fell silent", "Media timeout")
        case .proofExpired(let stream):
            statistics.proofsExpired += 1
            end(
                stream,
                "nobody there asked for the music by RTP or RTCP; if phones of yours are there, add"
                    + " their network to rtp.allowed-networks", "Media path not proved")
        case .proved(let stream):
            if let id = sessions[stream] { calls[id]?.isProved = true }
        case .closed(let stream, let position):
            if let (key, keep) = resuming.removeValue(forKey: stream) {
                positions.note(position, for: key, keepFor: keep, now: Instant.now)
            }
        case .receiverReport, .latched, .ssrcChanged:
            break
        }
    }

    private func end(_ stream: StreamID, _ cause: String, _ reason: String) {
        guard let id = sessions[stream] else { return }
        let place = calls[id]?.parameters.destination
        agent.logger(for: id).notice(
            "ends the call: \(cause)", metadata: place.map { ["to": "\($0)"] })
        agent.end(id, reason: "Q.850;cause=31;text=\"\(reason)\"")
    }
}

// MARK: - Parts

extension MusicOnHold {
    private func refuse(
        _ id: SessionID, _ refusal: MediaRefusal, _ send: (Rejection) -> Void
    ) {
        statistics.refused += 1
        agent.logger(for: id).info("refuses the description: \(refusal)")
        if case .resources(let what) = refusal, let more = refusals.admit(.now) {
            logger.warning(
                "a stream is refused: \(what)",
                metadata: more > 0 ? ["suppressed": "\(more)"] : nil)
        }
        let host = (configuration.addresses.first ?? .loopbackV4).hostText
        send(refusal.rejection(from: host, retryAfter: configuration.retryAfter))
    }

    private func open(_ parameters: StreamParameters) throws(MediaRefusal) -> OpenStream {
        do throws(MediaEngineError) {
            return try engine.open(parameters)
        } catch {
            if case .ownPort(let endpoint) = error { throw .destination(endpoint.address) }
            throw .resources("\(error)")
        }
    }

    private func newExchange(_ context: CallContext, local: Endpoint) -> OfferAnswer {
        nextSessionNumber &+= 1
        var capabilities = LocalCapabilities(formats: formats.supported, local: local)
        var families: LocalCapabilities.Families = []
        for address in configuration.addresses { families.insert(address.isIPv6 ? .ipv6 : .ipv4) }
        capabilities.families = families
        if configuration.multicastNetworks.contains(where: { $0.contains(context.requestSource) }) {
            let groups = configuration.classes[context.decision.className]?.multicast ?? []
            capabilities.multicastGroups = groups.compactMap { group in
                formats.index(of: group.format).map { .init(group.group, format: $0) }
            }
        }
        return OfferAnswer(sessionID: nextSessionNumber, capabilities: capabilities)
    }

    private func parameters(
        for audio: NegotiatedAudio, source: StreamParameters.Source, local: IPAddress,
        requestSource: IPAddress, isAcknowledged: Bool, isProved: Bool
    ) throws(MediaRefusal) -> StreamParameters {
        guard let format = formats.mediaFormat(of: audio) else { throw .offer(.formats) }
        var parameters = StreamParameters(
            source: source, format: format, payloadType: audio.payloadType,
            packetTime: audio.packetTime, destination: audio.isMulticast ? nil : audio.remote,
            rtcpDestination: audio.isMulticast ? nil : audio.remoteRTCP, rtcpMux: audio.rtcpMux,
            local: local,
            isSending: audio.sends)
        parameters.isSymmetric = configuration.symmetricNetworks.contains {
            $0.contains(requestSource)
        }
        // While held, nobody owes us reports.
        if audio.sends && !audio.receiverReportsOff {
            parameters.rtcpWatch = .onceHeard(configuration.rtcpSilence)
        }
        guard let remote = parameters.destination else { return parameters }
        parameters.latchesTo = requestSource
        if !parameters.rtcpMux {
            parameters.rtcpDestination = destinations.reports(
                to: parameters.rtcpDestination, media: remote, source: requestSource)
        }
        switch destinations.verdict(destination: remote, source: requestSource) {
        case .allowed:
            break
        case .untilAcknowledged:
            if !isAcknowledged { parameters.proof = .required(within: configuration.proofTime) }
        case .untilProved:
            if !isProved { parameters.proof = .required(within: configuration.proofTime) }
        case .refused:
            throw .destination(remote.address)
        }
        return parameters
    }
}
