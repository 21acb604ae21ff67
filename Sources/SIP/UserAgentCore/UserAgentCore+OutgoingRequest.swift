package import Primitives

// MARK: - Requests of ours outside of any session

extension UserAgentCore {
    /// Sends a request that makes no session: OPTIONS, MESSAGE, REGISTER and their kind. `responded`
    /// follows, whatever happens. A challenge is answered with the call's credentials.
    ///
    /// - Parameters:
    ///   - method: not INVITE, ACK or CANCEL.
    ///   - call: whom, as whom and which way; its `offer` is the body.
    package func request(_ method: Method, _ call: OutgoingCall, now: Instant) -> RequestID {
        let id = makeRequestID()
        let point = point(for: call)
        var request = makeRequest(
            method, call, callID: "\(makeToken())@\(point.host)", tag: makeToken(), sequence: 1)
        if method != .register, method != .message {
            request.headers.append(
                .contact,
                "<\(point.contact(user: call.from.uri.escapedUser, isSecure: call.uri.scheme == .sips))>"
            )
        }
        appendCapabilities(to: &request.headers)
        if let product = configuration.product { request.headers.append(.userAgent, product) }
        if let expires = call.expires { request.headers.append(.expires, "\(expires)") }
        request.headers.append(call.headers)
        if let body = call.offer { request.carry(body) }
        send(request, id, call, attempts: 0, now: now)
        return id
    }

    private func send(
        _ request: Request, _ id: RequestID, _ call: OutgoingCall, attempts: Int, now: Instant
    ) {
        let point = point(for: call)
        guard
            let destination = destination(
                for: call.routes.first ?? call.uri, transport: call.transport, at: point.address),
            let transaction = transactions.send(
                request, to: destination, sentBy: sentBy(destination.transport, point), now: now)
        else {
            return emit(.responded(id, request.response(.serviceUnavailable)))
        }
        clients[transaction] = Client(
            purpose: .request(id, call), session: nil, request: request, attempts: attempts)
        takeTransactions(now: now)
    }

    func receiveResponse(
        _ response: Response, to id: RequestID, _ client: Client, _ call: OutgoingCall,
        now: Instant
    ) {
        guard response.status == .unauthorized || response.status == .proxyAuthenticationRequired,
            var again = answering(response, client, call.credentials),
            let cseq = try? again.headers.cseq
        else { return emit(.responded(id, response)) }
        again.headers.set(.cseq, CSeq(cseq.number &+ 1, cseq.method))
        send(again, id, call, attempts: client.attempts + 1, now: now)
    }
}
