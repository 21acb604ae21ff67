package import Primitives

// MARK: - The INVITE that makes a session

extension UserAgentCore {
    /// An INVITE without To tag, admitted and not merged.
    func receiveInvite(
        _ request: Request, _ transaction: ServerTransactionID, on flow: Flow, now: Instant
    ) {
        guard !isOverloaded else {
            return respond(to: request, transaction, overloaded(), now: now)
        }
        guard let point = point(for: flow) else {
            return respond(to: request, transaction, Rejection(.serverInternalError), now: now)
        }
        let localTag = makeToken()
        let terms: SessionTimer.Terms
        let dialog: Dialog
        do {
            // RFC 2543 knew no such duty, and its clients have no branch cookie (RFC 4475 §3.4.1).
            if try request.headers.contacts.list.isEmpty,
                try request.headers.topVia().hasMagicCookie
            {
                throw HeaderError(.missing, .contact)
            }
            terms = try timerTerms(of: request.headers)
            dialog = try Dialog(
                incoming: request, localTag: localTag,
                contact: point.contact(
                    user: request.requestURI.escapedUser,
                    isSecure: isSecure(request)))
        } catch {
            return respond(
                to: request, transaction, Rejection(.badRequest, reason: "\(error)"), now: now)
        }
        let timer = SessionTimer.answer(to: terms, policy: configuration.sessionTimer)
        if case .tooSmall(let minimum) = timer {
            return respond(to: request, transaction, tooSmall(minimum), now: now)
        }
        let session = makeSession(
            isIncoming: true, callID: dialog.callID, localTag: localTag, point: point, flow: flow)
        session.dialogs = [dialog]
        session.isFlowAdjacent = !dialog.routes.isEmpty || (try? request.headers.vias.count) == 1
        session.peerAllowsUpdate = request.headers.has("UPDATE", in: .allow)
        session.peerSupportsTimer = terms.isSupported
        var giveUp = now + configuration.longestRinging
        if let expires = try? request.headers.expires {
            giveUp = min(giveUp, now + .seconds(Int(expires)))
        }
        session.invite = InviteSession.UnansweredInvite(
            transaction: transaction, request: request, timer: timer,
            requiresReliable: request.headers.has("100rel", in: .require),
            supportsReliable: request.headers.has("100rel", in: .supported),
            giveUp: giveUp)
        servers[transaction] = .session(session.id, localTag: session.localTag)
        let offer = body(of: request.headers, request.body)
        if offer != nil { _ = session.exchange.receiveOffer(by: .invite) }
        schedule(session)
        emit(.invited(session.id, request, on: flow, offer: offer))
    }

    /// 180, 183 or any other of 101...199.
    ///
    /// It goes reliably where the INVITE requires that, or `reliably` is set and the peer supports
    /// it (RFC 3262). A body in a reliable one is the answer, or our offer if the INVITE had none;
    /// in another it is a preview of the answer, to be repeated in `accept`.
    package func progress(
        _ id: SessionID, _ status: StatusCode, body: MessageBody? = nil, reliably: Bool = false,
        headers: [Rejection.Field] = [], now: Instant
    ) {
        guard let session = session(id), session.stage == .ringing, let invite = session.invite,
            invite.acceptance == nil, (101...199).contains(status.value)
        else { return }
        guard invite.requiresReliable || (reliably && invite.supportsReliable) else {
            var response = makeResponse(to: invite.request, status, in: session)
            response.headers.append(headers)
            if let body, session.exchange.remoteOffer == .invite { response.carry(body) }
            return respond(invite.transaction, response, now: now)
        }
        // One at a time, so that they arrive in order and the last PRACK acknowledges all.
        if session.provisionals?.isPending == true {
            if session.laterProvisionals.count < 4 {
                session.laterProvisionals.append(
                    .init(status: status, body: body, headers: headers))
            }
            return
        }
        sendReliably(.init(status: status, body: body, headers: headers), session, invite, now: now)
        schedule(session)
    }

    private func sendReliably(
        _ provisional: InviteSession.LaterProvisional, _ session: InviteSession,
        _ invite: InviteSession.UnansweredInvite, now: Instant
    ) {
        var machine =
            session.provisionals
            ?? ReliableProvisional(
                // A start in the lower half leaves room to count.
                firstSequence: UInt32(truncatingIfNeeded: random() & 0x3fff_ffff),
                t1: configuration.timers.t1)
        var response = makeResponse(to: invite.request, provisional.status, in: session)
        response.headers.append(.require, "100rel")
        response.headers.append(.rseq, "\(machine.sequence)")
        response.headers.append(provisional.headers)
        if let body = provisional.body {
            if session.exchange.remoteOffer == .invite {
                session.exchange.settle()
                session.localBody = body
                response.carry(body)
            } else if session.localBody == nil, session.exchange.sendOffer(by: .provisional) {
                session.localBody = body
                response.carry(body)
            }
        }
        machine.sent(response, now: now)
        session.provisionals = machine
        respond(invite.transaction, response, now: now)
    }

    /// 200 to the INVITE.
    ///
    /// - Parameter body: the answer to its offer, or our offer when it had none; not used when a
    ///   reliable provisional response has settled that already. While such a one waits for its
    ///   PRACK, or an offer in PRACK or UPDATE for its answer, the 200 waits too.
    package func accept(
        _ id: SessionID, body: MessageBody?, headers: [Rejection.Field] = [], now: Instant
    ) {
        guard let session = session(id), session.stage == .ringing, session.invite != nil,
            session.invite?.acceptance == nil
        else { return }
        let acceptance = InviteSession.Acceptance(body: body, headers: headers)
        if session.provisionals?.isPending == true || session.offer != nil {
            session.laterProvisionals = []
            session.invite?.acceptance = acceptance
            return
        }
        sendSuccess(acceptance, session, now: now)
    }

    private func sendSuccess(
        _ acceptance: InviteSession.Acceptance, _ session: InviteSession, now: Instant
    ) {
        guard let invite = session.invite else { return }
        var response = makeResponse(to: invite.request, .ok, in: session)
        response.headers.append(acceptance.headers)
        if let body = acceptance.body {
            if session.exchange.remoteOffer == .invite {
                session.exchange.settle()
                session.localBody = body
                response.carry(body)
            } else if session.localBody == nil, session.exchange.sendOffer(by: .success) {
                session.localBody = body
                response.carry(body)
            }
        } else if session.exchange.remoteOffer == .invite || session.localBody == nil {
            // Without a session description the call would stand and carry nothing.
            return reject(session.id, Rejection(.serverInternalError), now: now)
        }
        session.stage = .standing
        session.provisionals = nil
        if let index = session.dialogIndex { session.dialogs[index].isConfirmed = true }
        finishInvite(invite, with: response, session, now: now)
    }

    /// A final response of 300...699 to the INVITE, with the header fields that belong to it.
    package func reject(_ id: SessionID, _ rejection: Rejection, now: Instant) {
        guard let session = session(id), session.stage == .ringing, let invite = session.invite
        else { return }
        var response = makeResponse(
            to: invite.request, rejection.status, reason: rejection.reason, in: session)
        response.headers.append(rejection.headers)
        session.invite = nil
        respond(invite.transaction, response, now: now)
        refuseOffer(session, now: now)
        end(session, .refused(rejection.status))
    }
}

// MARK: - What follows any INVITE of the peer

extension UserAgentCore {
    /// Sends the 2xx to an INVITE or re-INVITE, which is repeated until its ACK comes.
    func finishInvite(
        _ invite: InviteSession.UnansweredInvite, with response: Response,
        _ session: InviteSession, now: Instant
    ) {
        var response = response
        agree(on: invite.timer, session, &response, now: now)
        let t1 = configuration.timers.t1
        session.invite = nil
        session.successes.append(
            .init(
                sequence: (try? invite.request.headers.cseq.number) ?? 0,
                transaction: invite.transaction, response: response, resend: now + t1, gap: t1,
                giveUp: now + configuration.timers.patience))
        respond(invite.transaction, response, now: now)
        schedule(session)
    }

    /// ACK to a 2xx of ours.
    func receiveAcknowledgement(_ request: Request, now: Instant) {
        // An ACK is never answered, whatever is wrong with it.
        guard let (session, _) = try? findSession(of: request),
            let sequence = try? request.headers.cseq.number,
            let index = session.successes.firstIndex(where: { $0.sequence == sequence })
        else { return }
        let success = session.successes.remove(at: index)
        if let source = session.flow?.remote.address, session.isIncoming {
            transactions.proved(success.transaction, by: source)
        }
        defer { schedule(session) }
        guard session.stage == .standing else {
            if session.owesBye, session.successes.isEmpty { sendBye(session, now: now) }
            return
        }
        let isFirst = !session.hasBeenEstablished
        session.hasBeenEstablished = true
        if session.exchange.localOffer == .success {
            session.exchange.settle()
            if let answer = body(of: request.headers, request.body) {
                emit(.answered(session.id, answer))
            } else if isFirst {
                // An offer without answer leaves a call without media (RFC 3261 §13.2.1).
                session.reason = "SIP;cause=488;text=\"No answer in ACK\""
                return hangUp(session, .unanswered, now: now)
            } else {
                emit(.offerUnanswered(session.id))
            }
        }
        if isFirst { emit(.established(session.id)) }
        offerNext(session, now: now)
    }

    /// PRACK (RFC 3262 §3). The dialog and CSeq have been checked.
    func receiveProvisionalAcknowledgement(
        _ request: Request, _ transaction: ServerTransactionID, _ session: InviteSession,
        now: Instant
    ) {
        guard let rack = try? request.headers.rack else {
            return respond(
                to: request, transaction, Rejection(.badRequest, reason: "Missing RAck"), now: now)
        }
        guard var machine = session.provisionals, let invite = session.invite,
            let cseq = try? invite.request.headers.cseq, rack.cseq == cseq,
            machine.acknowledge(rack.response)
        else {
            return respond(
                to: request, transaction, Rejection(.callOrTransactionDoesNotExist), now: now)
        }
        session.provisionals = machine
        defer { schedule(session) }
        if let body = body(of: request.headers, request.body) {
            if session.exchange.localOffer == .provisional {
                session.exchange.settle()
                respond(transaction, makeResponse(to: request, .ok, in: session), now: now)
                emit(.answered(session.id, body))
            } else if let conflict = session.exchange.receiveOffer(by: .prack) {
                return respond(to: request, transaction, rejection(for: conflict), now: now)
            } else {
                session.offer = .init(transaction: transaction, request: request, timer: .none)
                servers[transaction] = .session(session.id, localTag: session.localTag)
                emit(.reoffered(session.id, request, offer: body))
                return
            }
        } else {
            // An offer of ours needs its answer here; without it the exchange is void.
            if session.exchange.localOffer == .provisional {
                session.exchange.settle()
                respond(transaction, makeResponse(to: request, .ok, in: session), now: now)
                return reject(session.id, Rejection(.notAcceptableHere), now: now)
            }
            respond(transaction, makeResponse(to: request, .ok, in: session), now: now)
        }
        continueAfterProvisional(session, now: now)
    }

    /// The PRACK has been answered: what waited for it may go.
    func continueAfterProvisional(_ session: InviteSession, now: Instant) {
        guard session.stage == .ringing, let invite = session.invite, session.offer == nil,
            session.provisionals?.isPending != true
        else { return }
        if let acceptance = invite.acceptance {
            sendSuccess(acceptance, session, now: now)
        } else if !session.laterProvisionals.isEmpty {
            sendReliably(session.laterProvisionals.removeFirst(), session, invite, now: now)
            schedule(session)
        }
    }

    /// CANCEL (RFC 3261 §9.2).
    ///
    /// - Parameter invite: the transaction that it cancels; nil: none is known.
    func receiveCancel(
        _ request: Request, _ transaction: ServerTransactionID, of invite: ServerTransactionID?,
        now: Instant
    ) {
        if let rejection = request.defect() {
            return respond(to: request, transaction, rejection, now: now)
        }
        guard let invite else {
            return respond(
                to: request, transaction, Rejection(.callOrTransactionDoesNotExist), now: now)
        }
        guard case .session(let id, _)? = servers[invite], let session = session(id),
            let unanswered = session.invite, unanswered.transaction == invite
        else {
            // Answered already: the CANCEL came too late and does nothing.
            // Its To tag is that of the response that did (RFC 3261 §9.2).
            let tag =
                switch servers[invite] {
                case .session(_, let localTag), .refused(let localTag): localTag
                case .request, nil: makeToken()
                }
            return respond(transaction, request.response(.ok, toTag: tag), now: now)
        }
        respond(transaction, makeResponse(to: request, .ok, in: session), now: now)
        session.invite = nil
        respond(
            invite, makeResponse(to: unanswered.request, .requestTerminated, in: session),
            now: now)
        if session.stage == .ringing {
            refuseOffer(session, now: now)
            end(session, .cancelled(request))
        } else {
            // A re-INVITE was cancelled: all stays as it was.
            if session.exchange.remoteOffer == .invite { session.exchange.settle() }
            if !session.hasEnded { emit(.offerWithdrawn(session.id)) }
            schedule(session)
            offerNext(session, now: now)
        }
    }

    /// The session is over: an UPDATE or PRACK that still waits is answered (RFC 3261 §15.1.2).
    func refuseOffer(_ session: InviteSession, now: Instant) {
        guard let offer = session.offer else { return }
        session.offer = nil
        respond(
            offer.transaction,
            makeResponse(to: offer.request, .requestTerminated, in: session), now: now)
    }
}
