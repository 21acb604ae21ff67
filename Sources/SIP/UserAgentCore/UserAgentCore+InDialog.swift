package import Primitives

// MARK: - Requests of the peer within a dialog

extension UserAgentCore {
    /// The session and dialog that a request with To tag belongs to; nil: 481.
    func findSession(of request: Request) throws(HeaderError) -> (InviteSession, dialog: Int)? {
        let key = SessionKey(
            callID: request.headers.callID ?? "", localTag: try request.headers.to.tag ?? "")
        guard let id = sessionsByKey[key], let session = session(id),
            let dialog = session.dialogIndex(remoteTag: try request.headers.from.tag ?? "")
        else { return nil }
        return (session, dialog)
    }

    /// Any request with To tag but ACK and CANCEL; admitted.
    func receiveInDialog(
        _ request: Request, _ transaction: ServerTransactionID, on flow: Flow, now: Instant
    ) {
        guard let (session, dialog) = try? findSession(of: request),
            let sequence = try? request.headers.cseq.number
        else {
            return respond(
                to: request, transaction, Rejection(.callOrTransactionDoesNotExist), now: now)
        }
        guard session.dialogs[dialog].accept(sequence: sequence) else {
            // Out of order (RFC 3261 §12.2.2).
            return respond(to: request, transaction, Rejection(.serverInternalError), now: now)
        }
        session.flow = flow
        if session.stage == .leaving, request.method != .bye, request.method != .prack {
            return respond(
                to: request, transaction, Rejection(.callOrTransactionDoesNotExist), now: now)
        }
        switch request.method {
        case .invite:
            receiveReinvite(request, transaction, session, dialog, now: now)
        case .update:
            receiveUpdate(request, transaction, session, dialog, now: now)
        case .bye:
            receiveBye(request, transaction, session, now: now)
        case .prack:
            receiveProvisionalAcknowledgement(request, transaction, session, now: now)
        case .info:
            receiveInfo(request, transaction, session, now: now)
        case .options:
            respond(transaction, capabilities(to: request), now: now)
        default:
            offerRequest(request, transaction, on: flow, in: session.id, now: now)
        }
    }

    private func receiveBye(
        _ request: Request, _ transaction: ServerTransactionID, _ session: InviteSession,
        now: Instant
    ) {
        respond(transaction, makeResponse(to: request, .ok), now: now)
        if let invite = session.invite {
            // RFC 3261 §15.1.2: whatever is pending is still answered.
            respond(
                invite.transaction,
                makeResponse(to: invite.request, .requestTerminated, in: session), now: now)
            session.invite = nil
        }
        refuseOffer(session, now: now)
        session.owesBye = false
        session.successes = []
        if session.stage == .leaving {
            // Both hung up at once; our own BYE, if any, ends by itself.
            forget(session)
        } else {
            if let own = session.ownInvite { transactions.cancel(own.transaction, now: now) }
            end(session, .bye(request))
        }
    }

    private func receiveInfo(
        _ request: Request, _ transaction: ServerTransactionID, _ session: InviteSession,
        now: Instant
    ) {
        // We announce no package by Recv-Info (RFC 6086 §4.2.2).
        guard !request.headers.contains(.infoPackage) else {
            return respond(
                to: request, transaction,
                Rejection(.badInfoPackage, headers: [.init(.recvInfo, "")]), now: now)
        }
        respond(transaction, makeResponse(to: request, .ok, in: session), now: now)
        emit(.informed(session.id, request))
    }

    private func receiveReinvite(
        _ request: Request, _ transaction: ServerTransactionID, _ session: InviteSession,
        _ dialog: Int, now: Instant
    ) {
        // RFC 3261 §14.2: theirs is unanswered, or ours is.
        if session.invite != nil || session.stage == .ringing {
            return respond(to: request, transaction, tooEarly(), now: now)
        }
        if session.ownInvite != nil {
            return respond(to: request, transaction, Rejection(.requestPending), now: now)
        }
        // A peer that never acknowledges doesn't get us to repeat ever more.
        if session.successes.count >= 4 {
            return respond(to: request, transaction, tooEarly(), now: now)
        }
        guard let timer = negotiateTimer(request, transaction, session, now: now) else { return }
        let offer = body(of: request.headers, request.body)
        if offer != nil {
            if let conflict = session.exchange.receiveOffer(by: .invite) {
                return respond(to: request, transaction, rejection(for: conflict), now: now)
            }
        } else if !session.exchange.isStable {
            let rejection =
                session.exchange.localOffer != nil ? Rejection(.requestPending) : tooEarly()
            return respond(to: request, transaction, rejection, now: now)
        }
        var giveUp = now + configuration.longestRinging
        if let expires = try? request.headers.expires {
            giveUp = min(giveUp, now + .seconds(Int(expires)))
        }
        session.invite = InviteSession.UnansweredInvite(
            transaction: transaction, request: request, timer: timer, requiresReliable: false,
            supportsReliable: false, giveUp: giveUp)
        servers[transaction] = .session(session.id, localTag: session.localTag)
        schedule(session)
        if let offer {
            emit(.reoffered(session.id, request, offer: offer))
        } else {
            emit(.offerWanted(session.id, request))
        }
    }

    private func receiveUpdate(
        _ request: Request, _ transaction: ServerTransactionID, _ session: InviteSession,
        _ dialog: Int, now: Instant
    ) {
        // One UPDATE at a time, with or without offer (RFC 3311 §5.2).
        if session.offer != nil {
            return respond(to: request, transaction, tooEarly(), now: now)
        }
        guard let timer = negotiateTimer(request, transaction, session, now: now) else { return }
        guard let offer = body(of: request.headers, request.body) else {
            session.dialogs[dialog].refreshTarget(from: request.headers)
            var response = makeResponse(to: request, .ok, in: session)
            agree(on: timer, session, &response, now: now)
            respond(transaction, response, now: now)
            return schedule(session)
        }
        if let conflict = session.exchange.receiveOffer(by: .update) {
            return respond(to: request, transaction, rejection(for: conflict), now: now)
        }
        session.offer = .init(transaction: transaction, request: request, timer: timer)
        servers[transaction] = .session(session.id, localTag: session.localTag)
        emit(.reoffered(session.id, request, offer: offer))
    }

    /// The answer to a refresh's session timer terms; nil when the request has been refused for them.
    private func negotiateTimer(
        _ request: Request, _ transaction: ServerTransactionID, _ session: InviteSession,
        now: Instant
    ) -> SessionTimer.Answer? {
        let terms: SessionTimer.Terms
        do {
            terms = try timerTerms(of: request.headers)
        } catch {
            respond(
                to: request, transaction, Rejection(.badRequest, reason: error.description),
                now: now)
            return nil
        }
        // Session timers are of confirmed dialogs: an early UPDATE doesn't start one.
        guard session.stage == .standing else { return SessionTimer.Answer.none }
        let answer = SessionTimer.answer(
            to: terms, policy: configuration.sessionTimer, current: session.timer)
        if case .tooSmall(let minimum) = answer {
            respond(to: request, transaction, tooSmall(minimum), now: now)
            return nil
        }
        session.peerSupportsTimer = terms.isSupported
        if request.headers.contains(.allow) {
            session.peerAllowsUpdate = request.headers.has("UPDATE", in: .allow)
        }
        return answer
    }

    /// Puts what was agreed into a 2xx of ours and starts the timer.
    func agree(
        on answer: SessionTimer.Answer, _ session: InviteSession, _ response: inout Response,
        now: Instant
    ) {
        if case .agreed(let interval, let refresher, let isRequired) = answer {
            response.headers.append(
                .sessionExpires,
                SessionExpires(UInt32(clamping: interval), refresher: refresher).description)
            if isRequired { response.headers.append(.require, "timer") }
        }
        if session.stage == .standing { session.timer = SessionTimer(answer: answer, now: now) }
    }
}

// MARK: - The application's word on an offer of the peer

extension UserAgentCore {
    /// Accepts `reoffered` or `offered` with an answer, or fulfils `offerWanted` with an offer.
    package func acceptOffer(_ id: SessionID, body: MessageBody, now: Instant) {
        guard let session = session(id), !session.hasEnded else { return }
        if session.owedAcknowledgement != nil {
            session.localBody = body
            payAcknowledgement(session, body: body, now: now)
            if !session.hasBeenEstablished {
                session.hasBeenEstablished = true
                emit(.established(session.id))
            }
            return offerNext(session, now: now)
        }
        if let offer = session.offer {
            session.offer = nil
            session.exchange.settle()
            session.localBody = body
            refreshTarget(session, by: offer.request)
            var response = makeResponse(to: offer.request, .ok, in: session)
            if offer.request.method == .update {
                agree(on: offer.timer, session, &response, now: now)
            }
            response.carry(body)
            respond(offer.transaction, response, now: now)
            continueAfterProvisional(session, now: now)
            schedule(session)
            return offerNext(session, now: now)
        }
        guard session.stage == .standing, let invite = session.invite else { return }
        if session.exchange.remoteOffer == .invite {
            session.exchange.settle()
        } else {
            guard session.exchange.sendOffer(by: .success) else { return }
        }
        session.localBody = body
        refreshTarget(session, by: invite.request)
        var response = makeResponse(to: invite.request, .ok, in: session)
        response.carry(body)
        finishInvite(invite, with: response, session, now: now)
    }

    /// Refuses `reoffered` or `offerWanted`: the session stays as it was (RFC 3261 §14.1).
    package func rejectOffer(_ id: SessionID, _ rejection: Rejection, now: Instant) {
        guard let session = session(id), !session.hasEnded else { return }
        if session.owedAcknowledgement != nil {
            // A 2xx can't be refused: what is left is to hang up (RFC 3261 §13.2.2.4).
            session.reason = "SIP;cause=\(rejection.status)"
            return hangUp(session, .hungUp, now: now)
        }
        if let offer = session.offer {
            session.offer = nil
            session.exchange.settle()
            respond(to: offer.request, offer.transaction, rejection, now: now)
            continueAfterProvisional(session, now: now)
        } else if session.stage == .standing, let invite = session.invite {
            session.invite = nil
            if session.exchange.remoteOffer == .invite { session.exchange.settle() }
            respond(to: invite.request, invite.transaction, rejection, now: now)
        }
        schedule(session)
        offerNext(session, now: now)
    }

    private func refreshTarget(_ session: InviteSession, by request: Request) {
        guard request.method != .prack, let tag = try? request.headers.from.tag ?? "",
            let index = session.dialogIndex(remoteTag: tag)
        else { return }
        session.dialogs[index].refreshTarget(from: request.headers)
    }

    func rejection(for conflict: OfferExchange.Conflict) -> Rejection {
        switch conflict {
        case .requestPending: Rejection(.requestPending)
        case .tooEarly: tooEarly()
        }
    }

    /// 500 with a Retry-After of 0 to 10 s (RFC 3261 §14.2, RFC 3311 §5.2).
    func tooEarly() -> Rejection {
        Rejection(
            .serverInternalError, headers: [.init(.retryAfter, "\(random() % 11)")])
    }

    func tooSmall(_ minimum: Int) -> Rejection {
        Rejection(.sessionIntervalTooSmall, headers: [.init(.minSE, "\(minimum)")])
    }
}
