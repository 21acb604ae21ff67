package import Primitives

// MARK: - Requests as they come

extension UserAgentCore {
    /// Any new request but ACK and CANCEL, as the transactions give it.
    func receive(
        _ request: Request, _ transaction: ServerTransactionID, on flow: Flow, isMerged: Bool,
        now: Instant
    ) {
        if let rejection = request.defect() ?? rejection(of: request) {
            return respond(to: request, transaction, rejection, now: now)
        }
        if (try? request.headers.to)?.tag != nil {
            return receiveInDialog(request, transaction, on: flow, now: now)
        }
        if isMerged {
            return respond(to: request, transaction, Rejection(.loopDetected), now: now)
        }
        switch request.method {
        case .invite:
            receiveInvite(request, transaction, on: flow, now: now)
        case .options where !configuration.applicationMethods.contains(.options):
            // As an INVITE would fare (RFC 3261 §11.2).
            if isOverloaded {
                respond(to: request, transaction, overloaded(), now: now)
            } else {
                respond(transaction, capabilities(to: request, on: flow), now: now)
            }
        case let method where configuration.applicationMethods.contains(method):
            offerRequest(request, transaction, on: flow, in: nil, now: now)
        default:
            // UPDATE, PRACK, BYE and INFO make sense within a dialog only.
            respond(
                to: request, transaction, Rejection(.callOrTransactionDoesNotExist), now: now)
        }
    }

    var isOverloaded: Bool {
        isDraining || sessions.count >= configuration.maximumSessions
    }

    /// 503; the time to wait is spread, so that the callers don't all come back at once.
    func overloaded() -> Rejection {
        statistics.refusedForOverload += 1
        let base = max(1, configuration.retryAfter)
        let spread = UInt32(truncatingIfNeeded: random() % UInt64(base))
        return Rejection(
            .serviceUnavailable, headers: [.init(.retryAfter, "\(base &+ spread)")])
    }

    /// Gives a request to the application.
    func offerRequest(
        _ request: Request, _ transaction: ServerTransactionID, on flow: Flow, in id: SessionID?,
        now: Instant
    ) {
        guard configuration.applicationMethods.contains(request.method) else {
            // A method of the core that has no meaning here.
            return respond(
                to: request, transaction,
                Rejection(.methodNotAllowed, headers: [.init(.allow, allowedMethods)]), now: now)
        }
        guard requests.count < configuration.maximumRequests, !isDraining || id != nil else {
            return respond(to: request, transaction, overloaded(), now: now)
        }
        let requestID = makeRequestID()
        requests[requestID] = PendingRequest(
            transaction: transaction, request: request, session: id)
        servers[transaction] = .request(requestID)
        emit(.requested(requestID, request, on: flow, in: id))
    }

    /// Answers a request that `requested` announced; 2xx as well as refusals.
    package func respond(
        to id: RequestID, _ answer: Rejection, body: MessageBody? = nil, now: Instant
    ) {
        guard let pending = requests.removeValue(forKey: id) else { return }
        var response = makeResponse(
            to: pending.request, answer.status, reason: answer.reason,
            in: pending.session.flatMap { session($0) })
        response.headers.append(answer.headers)
        if let body { response.carry(body) }
        respond(pending.transaction, response, now: now)
    }

    /// A response couldn't be delivered: whoever waits for it will not get it.
    func responseFailed(_ transaction: ServerTransactionID, now: Instant) {
        guard case .session(let id, _)? = servers[transaction], let session = session(id) else {
            return
        }
        if session.stage == .ringing, let invite = session.invite, invite.transaction == transaction
        {
            // In vain as a rule, but the transaction needs its end.
            reject(invite, .temporarilyUnavailable, session, now: now)
            end(session, .transportFailed)
        } else if session.successes.contains(where: { $0.transaction == transaction })
            || session.invite?.transaction == transaction
        {
            session.successes = []
            if session.hasEnded {
                if session.owesBye { sendBye(session, now: now) }
            } else {
                // The way to the Contact need not be the one that failed.
                hangUp(session, .transportFailed, now: now)
            }
        }
    }

    /// The final response to an INVITE that has come to nothing.
    func reject(
        _ invite: InviteSession.UnansweredInvite, _ status: StatusCode, _ session: InviteSession,
        now: Instant
    ) {
        session.invite = nil
        respond(
            invite.transaction, makeResponse(to: invite.request, status, in: session), now: now)
        refuseOffer(session, now: now)
    }

    /// A server transaction is no more; what was to be answered can't be any longer.
    func serverEnded(_ transaction: ServerTransactionID, now: Instant) {
        switch servers.removeValue(forKey: transaction) {
        case .request(let id):
            requests[id] = nil
        case .session(let id, _):
            // The application left an offer in UPDATE or PRACK without answer for too long.
            guard let session = session(id), session.offer?.transaction == transaction else {
                return
            }
            session.offer = nil
            session.exchange.settle()
            if !session.hasEnded { emit(.offerWithdrawn(session.id)) }
            continueAfterProvisional(session, now: now)
            offerNext(session, now: now)
        case .refused, nil:
            break
        }
    }
}

// MARK: - Responses

extension UserAgentCore {
    /// Where we are for messages of this flow.
    func point(for flow: Flow) -> ListeningPoint? {
        configuration.points.point(for: flow.transport, at: flow.local.address)
    }

    /// A dialog whose Request-URI or first Record-Route is sips: has a sips: Contact
    /// (RFC 3261 §12.1.1).
    func isSecure(_ request: Request) -> Bool {
        if request.requestURI.scheme == .sips { return true }
        return (try? request.headers.recordRoutes)?.first?.uri.scheme == .sips
    }

    /// A response with what every one of ours has, and for one that may make a dialog or refresh its
    /// target, Contact, Allow and Supported.
    func makeResponse(
        to request: Request, _ status: StatusCode, reason: String? = nil,
        in session: InviteSession? = nil
    ) -> Response {
        var response = request.response(
            status, reason: reason, toTag: session?.localTag ?? makeToken())
        let isTargetRefresh = request.method == .invite || request.method == .update
        if isTargetRefresh, status < 300, let contact = session?.dialogs.first?.contact {
            response.headers.append(.contact, "<\(contact)>")
            response.headers.append(.allow, allowedMethods)
            response.headers.append(.supported, Self.extensions.joined(separator: ", "))
        }
        if let product = configuration.product { response.headers.append(.server, product) }
        return response
    }

    /// The 200 to OPTIONS (RFC 3261 §11.2): what is true, whatever Max-Forwards says.
    func capabilities(to request: Request, on flow: Flow? = nil) -> Response {
        var response = makeResponse(to: request, .ok)
        if let point = flow.flatMap({ point(for: $0) }) {
            let contact = point.contact(
                user: request.requestURI.escapedUser, isSecure: isSecure(request))
            response.headers.append(.contact, "<\(contact)>")
        }
        response.headers.append(.allow, allowedMethods)
        response.headers.append(.accept, acceptedContent)
        response.headers.append(.acceptEncoding, "identity")
        response.headers.append(.supported, Self.extensions.joined(separator: ", "))
        return response
    }
}

extension Headers {
    mutating func append(_ fields: [Rejection.Field]) {
        for field in fields { append(field.name, field.value) }
    }
}

extension Response {
    mutating func carry(_ body: MessageBody) {
        headers.set(.contentType, body.contentType)
        self.body = body.bytes
    }
}

extension Request {
    mutating func carry(_ body: MessageBody) {
        headers.set(.contentType, body.contentType)
        self.body = body.bytes
    }
}
