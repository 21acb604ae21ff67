package import Primitives

// MARK: - A call of ours

extension UserAgentCore {
    /// Calls. What comes of it is told by `progressed`, `accepted` and `ended`.
    ///
    /// A challenge is answered here with the call's credentials, a 422 with a longer interval; a
    /// redirection ends the session and leaves the next try to the application.
    package func invite(_ call: OutgoingCall, now: Instant) -> SessionID {
        let point = point(for: call)
        let session = makeSession(
            isIncoming: false, callID: "\(makeToken())@\(point.host)", localTag: makeToken(),
            point: point, flow: nil)
        session.call = call
        if !sendInvite(session, now: now) {
            // The caller has no identifier yet: it hears of the end after it.
            end(session, .transportFailed)
        }
        return session.id
    }

    /// Where we are for a request of ours.
    func point(for call: OutgoingCall) -> ListeningPoint {
        let transport =
            call.transport ?? impliedTransport(of: call.routes.first ?? call.uri)
        return call.local.flatMap { configuration.points.point(for: transport, at: $0) }
            ?? configuration.points.first { $0.transport == transport }
            ?? configuration.points.first
            ?? ListeningPoint(transport, call.local ?? .loopbackV4, port: transport.defaultPort)
    }

    private func impliedTransport(of uri: URI) -> TransportProtocol {
        switch (uri.scheme, uri.transport) {
        case (.sips, _), (_, "tls"): .tls
        case (_, "tcp"): .tcp
        default: .udp
        }
    }

    /// The INVITE outside of any dialog.
    private func sendInvite(_ session: InviteSession, now: Instant) -> Bool {
        guard let call = session.call else { return false }
        session.initialSequence += 1
        var request = makeRequest(
            .invite, call, callID: session.callID, tag: session.localTag,
            sequence: session.initialSequence)
        request.headers.append(.contact, "<\(contact(of: session))>")
        // An offer in a reliable provisional response would want its answer in the PRACK: without
        // an offer of ours those aren't asked for.
        appendCapabilities(to: &request.headers, reliably: call.offer != nil)
        if let interval = call.sessionInterval {
            request.headers.append(.sessionExpires, "\(interval)")
        }
        if let expires = call.expires { request.headers.append(.expires, "\(expires)") }
        request.headers.append(call.headers)
        if let offer = call.offer {
            request.carry(offer)
            session.localBody = offer
            if session.exchange.isStable { _ = session.exchange.sendOffer(by: .invite) }
        }
        return start(request, session, dialog: nil, .call, offer: call.offer, attempts: 0, now: now)
    }

    /// What every request outside of a dialog has (RFC 3261 §8.1.1), without Via.
    func makeRequest(
        _ method: Method, _ call: OutgoingCall, callID: String, tag: String, sequence: UInt32
    ) -> Request {
        var to = call.uri
        // RFC 3261 §19.1.1, table 1: not in To.
        to.headers = nil
        to.port = nil
        for name in ["transport", "maddr", "ttl", "method", "lr"] { to.parameters.remove(name) }
        var from = call.from
        from.tag = tag
        var target = call.uri
        target.headers = nil
        target.parameters.remove("method")
        var routes = call.routes
        if let first = routes.first, !first.isLooseRouter {
            // A strict router: see `Dialog.request`.
            routes = Array(routes.dropFirst()) + [target]
            target = first
        }
        var headers = Headers()
        for route in routes { headers.append(.route, "<\(route)>") }
        headers.append(.maxForwards, "70")
        headers.append(.from, from)
        headers.append(.to, NameAddress(to))
        headers.append(.callID, callID)
        headers.append(.cseq, CSeq(sequence, method))
        return Request(method: method, requestURI: target, headers: headers)
    }

    /// Sends an INVITE or re-INVITE and remembers it as the session's own.
    func start(
        _ request: Request, _ session: InviteSession, dialog: Int?,
        _ purpose: InviteSession.OwnInvite.Purpose, offer: MessageBody?, attempts: Int,
        now: Instant
    ) -> Bool {
        guard
            let id = send(
                request, .invite, session, dialog: dialog, attempts: attempts, now: now)
        else { return false }
        session.ownInvite = .init(
            transaction: id, sequence: (try? request.headers.cseq.number) ?? 0, purpose: purpose,
            offer: offer)
        schedule(session)
        return true
    }

    func contact(of session: InviteSession) -> URI {
        session.dialogs.first?.contact
            ?? session.point.contact(
                user: session.call?.from.uri.escapedUser,
                isSecure: session.call?.uri.scheme == .sips)
    }

    func appendCapabilities(to headers: inout Headers, reliably: Bool = true) {
        headers.append(.allow, allowedMethods)
        let extensions = reliably ? Self.extensions : Self.extensions.filter { $0 != "100rel" }
        headers.append(.supported, extensions.joined(separator: ", "))
    }

    /// Gives up a call of ours before its final response; afterwards, `end` hangs up.
    package func cancel(_ id: SessionID, reason: String? = nil, now: Instant) {
        guard let session = session(id), session.stage == .calling, let own = session.ownInvite
        else { return }
        transactions.cancel(own.transaction, reason: reason, now: now)
        takeTransactions(now: now)
        end(session, .hungUp)
    }
}

// MARK: - Responses to our INVITEs

extension UserAgentCore {
    func receiveInviteResponse(
        _ response: Response, _ id: ClientTransactionID, _ client: Client,
        _ session: InviteSession, on flow: Flow, now: Instant
    ) {
        let isCurrent = session.ownInvite?.transaction == id
        let sequence = (try? client.request.headers.cseq.number) ?? 0
        if response.status.isSuccess {
            return receiveSuccess(
                response, sequence, client, session, isCurrent: isCurrent, on: flow, now: now)
        }
        guard isCurrent, let own = session.ownInvite else { return }
        guard response.status >= 200 else {
            if own.purpose == .call, !session.hasEnded {
                receiveProvisional(response, client, session, on: flow, now: now)
            }
            return
        }
        session.ownInvite = nil
        guard !session.hasEnded else {
            // The end that we cancelled for.
            if session.stage == .leaving, session.byeTransaction == nil, !session.owesBye {
                forget(session)
            }
            return
        }
        if let retry = retried(response, client, session) {
            let dialog = client.remoteTag.flatMap { session.dialogIndex(remoteTag: $0) }
            if start(
                retry, session, dialog: dialog, own.purpose, offer: own.offer,
                attempts: client.attempts + 1, now: now)
            {
                return
            }
        }
        if session.exchange.localOffer == .invite { session.exchange.settle() }
        if own.purpose == .call {
            end(session, .failed(response))
        } else {
            reinviteRefused(response, own, session, now: now)
        }
    }

    /// The same INVITE made anew, when the response asks for no more than that.
    private func retried(_ response: Response, _ client: Client, _ session: InviteSession)
        -> Request?
    {
        var request: Request
        switch response.status {
        case .unauthorized, .proxyAuthenticationRequired:
            guard let answer = answering(response, client, session.call?.credentials) else {
                return nil
            }
            request = answer
        case .sessionIntervalTooSmall:
            guard client.attempts < Self.mostAttempts,
                let minimum = try? response.headers.minSE,
                let expires = try? client.request.headers.sessionExpires,
                minimum > expires.interval || !client.request.headers.contains(.minSE)
            else { return nil }
            request = client.request
            var longer = expires
            longer.interval = max(longer.interval, minimum)
            request.headers.set(.sessionExpires, longer)
            request.headers.set(.minSE, "\(minimum)")
            session.minimumInterval = Int(minimum)
        default:
            return nil
        }
        if let tag = client.remoteTag, let dialog = session.dialogIndex(remoteTag: tag) {
            request.headers.set(
                .cseq, CSeq(session.dialogs[dialog].nextSequence(), request.method))
        } else {
            session.initialSequence += 1
            request.headers.set(.cseq, CSeq(session.initialSequence, request.method))
            // Early dialogs of the request before are no more.
            session.dialogs = []
            session.receivers = [:]
            session.answeredTags = []
        }
        return request
    }

    private func receiveProvisional(
        _ response: Response, _ client: Client, _ session: InviteSession, on flow: Flow,
        now: Instant
    ) {
        guard response.status != .trying else { return }
        let answer = body(of: response.headers, response.body)
        var isReliable = false
        if let tag = (try? response.headers.to)?.tag {
            guard let dialog = earlyDialog(tag, response, client, session, on: flow) else { return }
            if response.headers.has("100rel", in: .require),
                let sequence = try? response.headers.rseq,
                let cseq = try? client.request.headers.cseq
            {
                isReliable = true
                guard session.receivers[tag, default: .init()].accept(sequence) else { return }
                var prack = session.dialogs[dialog].request(.prack)
                prack.headers.append(.rack, RAck(sequence, cseq))
                _ = send(prack, .prack, session, dialog: dialog, now: now)
            }
        }
        // Without reliability it is but a preview: the same comes again in the 2xx (RFC 3261 §13.2.1).
        if isReliable, answer != nil, client.request.bodyLength > 0,
            let tag = (try? response.headers.to)?.tag
        {
            session.answeredTags.insert(tag)
        }
        emit(.progressed(session.id, response, body: answer))
    }

    /// The dialog of a fork's tag, made if it is new; nil when there are too many.
    private func earlyDialog(
        _ tag: String, _ response: Response, _ client: Client, _ session: InviteSession,
        on flow: Flow
    ) -> Int? {
        if let known = session.dialogIndex(remoteTag: tag) { return known }
        // More forks than this is nobody's phone ringing.
        guard session.dialogs.count < 16,
            let dialog = try? Dialog(
                outgoing: client.request, response: response, contact: contact(of: session))
        else { return nil }
        session.dialogs.append(dialog)
        noteFlow(flow, of: dialog, session)
        return session.dialogs.count - 1
    }

    private func noteFlow(_ flow: Flow, of dialog: Dialog, _ session: InviteSession) {
        guard session.flow == nil else { return }
        session.flow = flow
        session.isFlowAdjacent = !dialog.routes.isEmpty
    }

    private func receiveSuccess(
        _ response: Response, _ sequence: UInt32, _ client: Client, _ session: InviteSession,
        isCurrent: Bool, on flow: Flow, now: Instant
    ) {
        guard let tag = (try? response.headers.to)?.tag ?? "" as String? else { return }
        if let sent = session.acknowledgements.last(where: {
            $0.sequence == sequence && $0.remoteTag == tag
        }) {
            // Our ACK was lost (RFC 3261 §13.2.2.4).
            transactions.resend(sent.bytes, to: sent.destination)
            return takeTransactions(now: now)
        }
        if let owed = session.owedAcknowledgement, owed.sequence == sequence, owed.remoteTag == tag
        {
            // The application still thinks about the answer.
            return
        }
        if client.remoteTag != nil {
            guard isCurrent else { return }
            return receiveReinviteSuccess(response, sequence, client, session, now: now)
        }
        guard
            var dialog = try? Dialog(
                outgoing: client.request, response: response, contact: contact(of: session))
        else { return }
        dialog.isConfirmed = true
        let isFirst = isCurrent && !session.hasEnded
        if let early = session.dialogIndex(remoteTag: tag) {
            // The routes are those of the 2xx; the CSeq goes on (RFC 3261 §13.2.2.4).
            dialog.continueSequences(of: session.dialogs[early])
            session.dialogs.remove(at: early)
        }
        noteFlow(flow, of: dialog, session)
        guard isFirst else {
            // Another fork answered too, or the answer crossed our CANCEL: it is let go.
            session.dialogs.append(dialog)
            let index = session.dialogs.count - 1
            acknowledge(sequence, session, dialog: index, request: client.request)
            let bye = session.dialogs[index].request(.bye)
            let id = send(bye, .bye, session, dialog: index, now: now)
            if isCurrent {
                session.ownInvite = nil
                session.byeTransaction = id
                if id == nil { forget(session) }
            } else {
                session.dialogs.remove(at: index)
            }
            return
        }
        // Of other forks nothing more is wanted; they get a final response or an ACK and BYE.
        session.dialogs = [dialog]
        session.ownInvite = nil
        session.stage = .standing
        let answer = body(of: response.headers, response.body)
        let answersOurs = !session.answeredTags.contains(tag)
        if session.exchange.localOffer == .invite { session.exchange.settle() }
        notePeer(response.headers, session)
        startTimer(response, session, now: now)
        guard session.call?.offer != nil else {
            return receiveOffer(
                answer, in: response, sequence, client, session, dialog: 0, now: now)
        }
        acknowledge(sequence, session, dialog: 0, request: client.request)
        takeTransactions(now: now)
        emit(.accepted(session.id, response, answer: answersOurs ? answer : nil))
        session.hasBeenEstablished = true
        emit(.established(session.id))
        schedule(session)
        offerNext(session, now: now)
    }

    /// The offer in a 2xx to an INVITE without one: its answer goes in the ACK, which so has to wait
    /// for the application (RFC 3261 §13.2.2.4).
    func receiveOffer(
        _ offer: MessageBody?, in response: Response, _ sequence: UInt32, _ client: Client,
        _ session: InviteSession, dialog: Int, now: Instant
    ) {
        guard let offer, session.exchange.receiveOffer(by: .success) == nil else {
            acknowledge(sequence, session, dialog: dialog, request: client.request)
            takeTransactions(now: now)
            if session.hasBeenEstablished {
                emit(.offerUnanswered(session.id))
            } else {
                hangUp(session, .unanswered, now: now)
            }
            return
        }
        session.owedAcknowledgement = .init(
            sequence: sequence, remoteTag: session.dialogs[dialog].remoteTag,
            invite: client.request)
        emit(.offered(session.id, response, offer: offer))
        schedule(session)
    }

    /// Sends the ACK that waited for our answer.
    /// - Parameter body: the answer; nil where there is none and BYE follows.
    func payAcknowledgement(_ session: InviteSession, body: MessageBody?, now: Instant) {
        guard let owed = session.owedAcknowledgement else { return }
        session.owedAcknowledgement = nil
        session.exchange.settle()
        guard let dialog = session.dialogIndex(remoteTag: owed.remoteTag) else { return }
        acknowledge(
            owed.sequence, session, dialog: dialog, request: owed.invite, body: body)
        takeTransactions(now: now)
    }

    /// A 2xx that no transaction knows any more: its session, if it lives, has sent the ACK.
    func receiveStray(_ response: Response, now: Instant) {
        guard let callID = response.headers.callID,
            let localTag = (try? response.headers.from)?.tag,
            let sequence = try? response.headers.cseq.number,
            let id = sessionsByKey[SessionKey(callID: callID, localTag: localTag)],
            let session = session(id),
            let sent = session.acknowledgements.last(where: {
                $0.sequence == sequence && $0.remoteTag == (try? response.headers.to)?.tag
            })
        else { return }
        transactions.resend(sent.bytes, to: sent.destination)
    }

    func notePeer(_ headers: Headers, _ session: InviteSession) {
        if headers.contains(.allow) {
            session.peerAllowsUpdate = headers.has("UPDATE", in: .allow)
        }
        session.peerSupportsTimer =
            headers.has("timer", in: .supported) || headers.has("timer", in: .require)
    }

    /// What the 2xx to our INVITE or UPDATE says of session timers (RFC 4028 §7.2).
    func startTimer(_ response: Response, _ session: InviteSession, now: Instant) {
        guard let terms = try? timerTerms(of: response.headers) else { return }
        session.timer = SessionTimer(response: terms, now: now)
    }
}
