package import Primitives

// MARK: - What we ask within a session

extension UserAgentCore {
    /// Offers a change by re-INVITE, or by UPDATE when `byUpdate` and the peer allows that.
    ///
    /// It waits for its turn while another exchange is under way, and is made again by itself after
    /// a 491 (RFC 3261 §14.1). At most eight wait: the oldest gives way, as the newest says what is
    /// wanted.
    package func offer(_ id: SessionID, _ body: MessageBody, byUpdate: Bool = false, now: Instant) {
        queueOffer(id, .init(body: body, byUpdate: byUpdate), now: now)
    }

    /// Asks the peer for an offer of all it can do, by a re-INVITE without one; `offered` follows.
    /// This is how a call is held for RFC 7088, or handed on by a controller.
    package func requestOffer(_ id: SessionID, now: Instant) {
        queueOffer(id, .init(body: nil, byUpdate: false), now: now)
    }

    private func queueOffer(_ id: SessionID, _ offer: InviteSession.LaterOffer, now: Instant) {
        guard let session = session(id), session.stage == .standing else { return }
        if session.laterOffers.count >= 8 { session.laterOffers.removeFirst() }
        session.laterOffers.append(offer)
        offerNext(session, now: now)
    }

    /// Makes the oldest waiting offer if it is its turn.
    func offerNext(_ session: InviteSession, now: Instant) {
        defer { schedule(session) }
        guard session.mayOffer, session.successes.isEmpty, let next = session.laterOffers.first,
            let dialog = session.dialogIndex
        else { return }
        session.laterOffers.removeFirst()
        if next.byUpdate, session.peerAllowsUpdate, let body = next.body {
            guard session.exchange.sendOffer(by: .update) else { return }
            var update = targetRefresh(.update, session, dialog)
            update.carry(body)
            session.ownUpdate = send(
                update, .update(offer: body), session, dialog: dialog, now: now)
            if session.ownUpdate == nil { dialogLost(session, .transportFailed, now: now) }
        } else {
            var invite = targetRefresh(.invite, session, dialog)
            if let body = next.body {
                guard session.exchange.sendOffer(by: .invite) else { return }
                invite.carry(body)
            }
            if !start(
                invite, session, dialog: dialog, .offer, offer: next.body, attempts: 0, now: now)
            {
                dialogLost(session, .transportFailed, now: now)
            }
        }
    }

    /// INFO without package (RFC 6086 §3); what comes of it is not told.
    package func info(_ id: SessionID, _ body: MessageBody, now: Instant) {
        guard let session = session(id), session.stage == .standing,
            let dialog = session.dialogIndex
        else { return }
        var info = session.dialogs[dialog].request(.info)
        info.carry(body)
        _ = send(info, .info, session, dialog: dialog, now: now)
    }

    /// REFER within the session (RFC 3515): the peer is asked to call `target`. What becomes of it
    /// is told by NOTIFY, which is one of `Configuration.applicationMethods` then.
    package func refer(_ id: SessionID, to target: URI, now: Instant) {
        guard let session = session(id), session.stage == .standing,
            let dialog = session.dialogIndex
        else { return }
        var refer = session.dialogs[dialog].request(.refer)
        refer.headers.append(.referTo, "<\(target)>")
        _ = send(refer, .info, session, dialog: dialog, now: now)
    }

    /// Refreshes the session timer: by UPDATE without offer if the peer allows it, else by a
    /// re-INVITE that repeats what we said last (RFC 4028 §7.4).
    func refresh(_ session: InviteSession, now: Instant) {
        guard let dialog = session.dialogIndex else { return }
        // A re-INVITE or UPDATE under way refreshes as well, if it succeeds: then a new timer
        // takes the place of this one.
        session.timer?.refreshAgain(at: now + Self.refreshPause)
        guard session.ownInvite == nil, session.ownUpdate == nil else { return }
        if session.peerAllowsUpdate {
            let update = targetRefresh(.update, session, dialog)
            session.ownUpdate = send(
                update, .update(offer: nil), session, dialog: dialog, now: now)
        } else if session.invite == nil, let body = session.localBody,
            session.exchange.sendOffer(by: .invite)
        {
            var invite = targetRefresh(.invite, session, dialog)
            invite.carry(body)
            _ = start(
                invite, session, dialog: dialog, .refresh, offer: body, attempts: 0, now: now)
        }
    }

    /// How long after a refresh that came to nothing the next is tried.
    private static let refreshPause = Interval.seconds(5)

    /// The peer refused a refresh: again later, when it says so or in a few seconds.
    private func refreshLater(_ response: Response, _ session: InviteSession, now: Instant) {
        let delay = (try? response.headers.retryAfter)?.delay
        session.timer?.refreshAgain(
            at: now + (delay.map { .seconds(Int(max(1, min($0, 3600)))) } ?? Self.refreshPause))
    }

    /// An INVITE or UPDATE within the dialog, with all but a body.
    private func targetRefresh(_ method: Method, _ session: InviteSession, _ dialog: Int) -> Request
    {
        var request = session.dialogs[dialog].request(method)
        request.headers.append(.contact, "<\(session.dialogs[dialog].contact)>")
        appendCapabilities(to: &request.headers)
        if let timer = session.timer {
            // Whoever refreshes goes on to do so: the word is a role in this transaction.
            request.headers.append(
                .sessionExpires,
                SessionExpires(
                    UInt32(clamping: max(timer.interval, session.minimumInterval ?? 0)),
                    refresher: timer.refresher == .local ? .uac : .uas))
            request.headers.append(
                .minSE, "\(max(90, session.minimumInterval ?? configuration.sessionTimer.minimum))")
        }
        return request
    }
}

// MARK: - Ends

extension UserAgentCore {
    /// Ends the session whatever its state: with 480, CANCEL or BYE.
    ///
    /// Where our 2xx has no ACK yet, the BYE waits for it, or for 64*T1 (RFC 3261 §15); the
    /// application hears `ended` at once.
    /// - Parameter reason: value of a Reason header field (RFC 3326).
    package func end(_ id: SessionID, reason: String? = nil, now: Instant) {
        guard let session = session(id), !session.hasEnded else { return }
        switch session.stage {
        case .ringing: reject(id, Rejection(.temporarilyUnavailable), now: now)
        case .calling: cancel(id, reason: reason, now: now)
        case .standing:
            session.reason = reason
            hangUp(session, .hungUp, now: now)
        case .leaving: break
        }
    }

    /// Ends a standing session from here: BYE, now or when the ACK is there.
    func hangUp(_ session: InviteSession, _ cause: EndCause, now: Instant) {
        if let invite = session.invite {
            session.invite = nil
            respond(
                invite.transaction,
                makeResponse(to: invite.request, .requestTerminated, in: session), now: now)
        }
        refuseOffer(session, now: now)
        payAcknowledgement(session, body: nil, now: now)
        if let own = session.ownInvite { transactions.cancel(own.transaction, now: now) }
        session.owesBye = true
        if session.successes.isEmpty { sendBye(session, now: now) }
        end(session, cause)
        takeTransactions(now: now)
    }

    func sendBye(_ session: InviteSession, now: Instant) {
        session.owesBye = false
        guard let dialog = session.dialogIndex, mayHearBye(session, dialog) else {
            return session.hasEnded ? forget(session) : ()
        }
        var bye = session.dialogs[dialog].request(.bye)
        if let reason = session.reason { bye.headers.append(.reason, reason) }
        session.byeTransaction = send(bye, .bye, session, dialog: dialog, now: now)
        if session.byeTransaction == nil, session.hasEnded { forget(session) }
    }

    /// Whether a BYE may go where the dialog leads. A caller over UDP who never sent an ACK may be
    /// anyone, and its Contact may name a victim who would get the BYE eleven times.
    private func mayHearBye(_ session: InviteSession, _ dialog: Int) -> Bool {
        guard session.isIncoming, !session.hasBeenEstablished, let flow = session.flow,
            flow.transport == .udp
        else { return true }
        let hop = session.dialogs[dialog].nextHop
        let host = hop.parameters["maddr"].map { Host($0) } ?? hop.host
        return host.address == flow.remote.address
    }

    /// The peer doesn't know the dialog any more, or can't be reached: BYE would be in vain.
    func dialogLost(_ session: InviteSession, _ cause: EndCause, now: Instant) {
        guard !session.hasEnded else { return }
        if let invite = session.invite {
            session.invite = nil
            respond(
                invite.transaction,
                makeResponse(to: invite.request, .requestTerminated, in: session), now: now)
        }
        refuseOffer(session, now: now)
        session.successes = []
        end(session, cause)
    }
}

// MARK: - Responses to what we ask

extension UserAgentCore {
    func receive(_ response: Response, _ id: ClientTransactionID, on flow: Flow, now: Instant) {
        guard let client = clients[id] else { return }
        if case .request(let request, let call) = client.purpose {
            if response.status >= 200 {
                clients[id] = nil
                receiveResponse(response, to: request, client, call, now: now)
            }
            return
        }
        guard let session = client.session.flatMap({ session($0) }) else { return }
        defer { schedule(session) }
        if case .invite = client.purpose {
            return receiveInviteResponse(
                response, id, client, session, on: flow, now: now)
        }
        guard response.status >= 200 else { return }
        clients[id] = nil
        if response.status == .unauthorized || response.status == .proxyAuthenticationRequired,
            let tag = client.remoteTag, let dialog = session.dialogIndex(remoteTag: tag),
            var again = answering(response, client, session.call?.credentials)
        {
            again.headers.set(
                .cseq, CSeq(session.dialogs[dialog].nextSequence(), again.method))
            let next = send(
                again, client.purpose, session, dialog: dialog, attempts: client.attempts + 1,
                now: now)
            if session.ownUpdate == id { session.ownUpdate = next }
            if session.byeTransaction == id { session.byeTransaction = next }
            if next != nil { return }
        }
        switch client.purpose {
        case .bye:
            if session.byeTransaction == id { byeDone(session) }
        case .update(let offer):
            if session.ownUpdate == id { session.ownUpdate = nil }
            guard !session.hasEnded else { return }
            receiveUpdateResponse(response, offer: offer, session, now: now)
        case .info:
            if response.status == .callOrTransactionDoesNotExist {
                dialogLost(session, .dialogGone(response.status), now: now)
            }
        case .prack, .invite, .request:
            break
        }
    }

    private func byeDone(_ session: InviteSession) {
        session.byeTransaction = nil
        if session.ownInvite == nil { forget(session) }
    }

    private func receiveUpdateResponse(
        _ response: Response, offer: MessageBody?, _ session: InviteSession, now: Instant
    ) {
        if offer != nil, session.exchange.localOffer == .update { session.exchange.settle() }
        if response.status.isSuccess {
            if let index = session.dialogIndex {
                session.dialogs[index].refreshTarget(from: response.headers)
            }
            session.glares = 0
            notePeer(response.headers, session)
            if session.stage == .standing { startTimer(response, session, now: now) }
            if let offer {
                session.localBody = offer
                emit(
                    .offerAccepted(
                        session.id, response, answer: body(of: response.headers, response.body)))
            }
            return offerNext(session, now: now)
        }
        switch response.status {
        case .callOrTransactionDoesNotExist:
            return dialogLost(session, .dialogGone(response.status), now: now)
        case .requestTimeout:
            return hangUp(session, .dialogGone(response.status), now: now)
        case .methodNotAllowed, .notImplemented:
            // It said otherwise; what was to be done is done by re-INVITE.
            session.peerAllowsUpdate = false
            if let offer {
                session.laterOffers.insert(.init(body: offer, byUpdate: false), at: 0)
            } else {
                refresh(session, now: now)
            }
        case .requestPending where session.glares < Self.mostGlares:
            if let offer {
                session.laterOffers.insert(.init(body: offer, byUpdate: true), at: 0)
                retryLater(session, now: now)
            } else {
                refreshLater(response, session, now: now)
            }
        case .sessionIntervalTooSmall:
            retryWithLongerInterval(response, offer: offer, byUpdate: true, session, now: now)
        default:
            if offer != nil {
                emit(.offerRejected(session.id, response))
            } else {
                refreshLater(response, session, now: now)
            }
        }
        offerNext(session, now: now)
    }

    func receiveReinviteSuccess(
        _ response: Response, _ sequence: UInt32, _ client: Client, _ session: InviteSession,
        now: Instant
    ) {
        guard let own = session.ownInvite, let tag = client.remoteTag,
            let dialog = session.dialogIndex(remoteTag: tag)
        else { return }
        session.ownInvite = nil
        session.dialogs[dialog].refreshTarget(from: response.headers)
        let answer = body(of: response.headers, response.body)
        session.glares = 0
        if !session.hasEnded {
            notePeer(response.headers, session)
            startTimer(response, session, now: now)
            if own.offer == nil {
                return receiveOffer(
                    answer, in: response, sequence, client, session, dialog: dialog, now: now)
            }
        }
        acknowledge(sequence, session, dialog: dialog, request: client.request)
        takeTransactions(now: now)
        guard !session.hasEnded else {
            if session.byeTransaction == nil, !session.owesBye { forget(session) }
            return
        }
        if session.exchange.localOffer == .invite { session.exchange.settle() }
        if let offer = own.offer { session.localBody = offer }
        if own.purpose == .refresh {
            if let answer { emit(.refreshed(session.id, answer: answer)) }
        } else {
            emit(.offerAccepted(session.id, response, answer: answer))
        }
        offerNext(session, now: now)
    }

    func reinviteRefused(
        _ response: Response, _ own: InviteSession.OwnInvite, _ session: InviteSession,
        now: Instant
    ) {
        switch response.status {
        case .callOrTransactionDoesNotExist:
            return dialogLost(session, .dialogGone(response.status), now: now)
        case .requestTimeout:
            // RFC 3261 §12.2.1.2: as good as gone; the BYE is for those in between.
            return hangUp(session, .dialogGone(response.status), now: now)
        case _ where own.purpose == .refresh:
            refreshLater(response, session, now: now)
        case .requestPending where session.glares < Self.mostGlares:
            session.laterOffers.insert(.init(body: own.offer, byUpdate: false), at: 0)
            retryLater(session, now: now)
        default:
            emit(.offerRejected(session.id, response))
        }
        offerNext(session, now: now)
    }

    /// RFC 3261 §14.1: whoever made the Call-ID waits 2.1 to 4 s, the other 0 to 2 s.
    private func retryLater(_ session: InviteSession, now: Instant) {
        session.glares += 1
        let units = session.isIncoming ? Int(random() % 201) : 210 + Int(random() % 191)
        session.retryAt = now + .milliseconds(units * 10)
    }

    private func retryWithLongerInterval(
        _ response: Response, offer: MessageBody?, byUpdate: Bool, _ session: InviteSession,
        now: Instant
    ) {
        guard let minimum = try? response.headers.minSE, let timer = session.timer,
            Int(minimum) > max(timer.interval, session.minimumInterval ?? 0)
        else { return }
        session.minimumInterval = Int(minimum)
        if let offer {
            session.laterOffers.insert(.init(body: offer, byUpdate: byUpdate), at: 0)
        } else {
            refresh(session, now: now)
        }
    }

    /// A transaction of ours is no more; a session that still waits for it, as its answer was of no
    /// use, waits in vain.
    func clientEnded(_ id: ClientTransactionID, now: Instant) {
        guard let client = clients[id] else { return }
        if let session = client.session.flatMap({ session($0) }),
            session.ownInvite?.transaction == id
        {
            return requestFailed(id, .timedOut, now: now)
        }
        clients[id] = nil
    }

    /// A request of ours got no final response.
    func requestFailed(
        _ id: ClientTransactionID, _ failure: TransactionLayer.Failure, now: Instant
    ) {
        guard let client = clients.removeValue(forKey: id) else { return }
        let status: StatusCode = failure == .timedOut ? .requestTimeout : .serviceUnavailable
        let cause: EndCause = failure == .timedOut ? .dialogGone(status) : .transportFailed
        // As if it had come from the peer (RFC 3261 §8.1.3.1).
        let response = client.request.response(status)
        if case .request(let request, _) = client.purpose {
            return emit(.responded(request, response))
        }
        guard let session = client.session.flatMap({ session($0) }) else { return }
        defer { schedule(session) }
        switch client.purpose {
        case .invite:
            guard session.ownInvite?.transaction == id, let own = session.ownInvite else { return }
            session.ownInvite = nil
            if session.hasEnded {
                if session.byeTransaction == nil, !session.owesBye { forget(session) }
            } else if own.purpose == .call {
                end(session, failure == .timedOut ? .failed(response) : .transportFailed)
            } else if failure == .timedOut {
                hangUp(session, cause, now: now)
            } else {
                dialogLost(session, cause, now: now)
            }
        case .bye:
            if session.byeTransaction == id { byeDone(session) }
        case .update:
            session.ownUpdate = nil
            if failure == .timedOut {
                hangUp(session, cause, now: now)
            } else {
                dialogLost(session, cause, now: now)
            }
        case .info:
            if failure == .transport { dialogLost(session, cause, now: now) }
        case .prack, .request:
            break
        }
    }
}
