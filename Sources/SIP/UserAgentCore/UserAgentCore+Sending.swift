import Primitives

// MARK: - Where our requests go

extension UserAgentCore {
    /// The way to a URI (RFC 3263 §4.1, without its DNS part).
    ///
    /// A connection by which the peer came is used again where it leads to the same hop: a phone
    /// behind NAT can't be reached otherwise. Should it be gone by then, a new one is made.
    /// - Parameter isAdjacent: the other end of `flow` is the hop that the URI means, whatever
    ///   address it says.
    func destination(
        for uri: URI, transport wanted: TransportProtocol? = nil, at local: IPAddress,
        flow: Flow? = nil, isAdjacent: Bool = false
    ) -> Destination? {
        guard uri.scheme.isSIP else { return nil }
        let host = uri.parameters["maddr"].map { Host($0) } ?? uri.host
        var transport: TransportProtocol
        switch (uri.scheme, uri.transport) {
        case (.sips, _), (_, "tls"): transport = .tls
        case (_, "tcp"): transport = .tcp
        case (_, "udp"): transport = .udp
        case (_, nil):
            transport = wanted ?? .udp
            if wanted == nil, let flow, flow.transport.isReliable, flow.transport != .tls,
                host.address == flow.remote.address
            {
                transport = flow.transport
            }
        default: return nil
        }
        if let wanted { transport = uri.scheme == .sips ? .tls : wanted }
        let port = uri.port ?? (host.address == nil ? nil : transport.defaultPort)
        if let address = host.address {
            // A Contact must not make us shout at everyone.
            guard !address.isUnspecified, !address.isLimitedBroadcast, !address.isMulticast,
                let port
            else { return nil }
            if let flow, flow.transport == transport, transport.isReliable,
                isAdjacent || address == flow.remote.address
            {
                var back = flow
                back.remote = Endpoint(address, port: port)
                return .flow(back)
            }
            return .hop(
                NextHop(
                    transport: transport, host: address.description, port: port, local: local))
        }
        return .hop(
            NextHop(transport: transport, host: host.description, port: port, local: local))
    }

    /// What the Via of a request of ours says.
    func sentBy(_ transport: TransportProtocol, _ point: ListeningPoint) -> SentBy {
        let same =
            configuration.points.point(for: transport, at: point.address)
            ?? configuration.points.first { $0.transport == transport }
        let port = same?.port ?? point.port
        return SentBy(
            point.host, port: port == transport.defaultPort ? nil : port)
    }

    /// Sends a request of a session, within a dialog of it or, with nil, its first INVITE.
    /// - Returns: nil when it can't be sent.
    func send(
        _ request: Request, _ purpose: Client.Purpose, _ session: InviteSession, dialog: Int?,
        attempts: Int = 0, now: Instant
    ) -> ClientTransactionID? {
        var request = request
        if let product = configuration.product, !request.headers.contains(.userAgent) {
            request.headers.append(.userAgent, product)
        }
        guard let destination = destination(of: session, dialog: dialog),
            let id = transactions.send(
                request, to: destination, sentBy: sentBy(destination.transport, session.point),
                now: now)
        else { return nil }
        clients[id] = Client(
            purpose: purpose, session: session.id, request: request,
            remoteTag: dialog.map { session.dialogs[$0].remoteTag }, attempts: attempts)
        takeTransactions(now: now)
        return id
    }

    /// Where the next request of a session goes.
    func destination(of session: InviteSession, dialog: Int?) -> Destination? {
        if let dialog {
            return destination(
                for: session.dialogs[dialog].nextHop, at: session.point.address,
                flow: session.flow, isAdjacent: session.isFlowAdjacent)
        }
        guard let call = session.call else { return nil }
        return destination(
            for: call.routes.first ?? call.uri, transport: call.transport,
            at: session.point.address)
    }

    /// The ACK of a 2xx, outside of any transaction.
    func acknowledge(
        _ sequence: UInt32, _ session: InviteSession, dialog: Int, request: Request,
        body: MessageBody? = nil
    ) {
        var ack = session.dialogs[dialog].acknowledgement(of: sequence)
        if let body { ack.carry(body) }
        // What the INVITE was let in by must be in its ACK too (RFC 3261 §22.1).
        for name in [HeaderName.authorization, .proxyAuthorization] {
            for value in request.headers.values(of: name) { ack.headers.append(name, value) }
        }
        guard let destination = destination(of: session, dialog: dialog) else { return }
        let octets = transactions.sendAcknowledgement(
            ack, to: destination, sentBy: sentBy(destination.transport, session.point))
        if session.acknowledgements.count >= 8 { session.acknowledgements.removeFirst() }
        session.acknowledgements.append(
            .init(
                sequence: sequence, remoteTag: session.dialogs[dialog].remoteTag, bytes: octets,
                destination: destination))
    }
}

// MARK: - Challenges

extension UserAgentCore {
    /// The request with an answer to the challenges of a 401 or 407; nil when none can be answered,
    /// or the answer was wrong before.
    func answering(
        _ response: Response, _ client: Client, _ credentials: OutgoingCall.Credentials?
    ) -> Request? {
        guard let credentials, client.attempts < Self.mostAttempts else { return nil }
        let isProxy = response.status == .proxyAuthenticationRequired
        let field: HeaderName = isProxy ? .proxyAuthorization : .authorization
        let values =
            (try? response.headers.challenges(
                isProxy ? .proxyAuthenticate : .wwwAuthenticate)) ?? []
        // Of several challenges the first that is understood counts (RFC 8760 §2.4).
        guard let challenge = values.lazy.compactMap({ try? DigestChallenge($0) }).first
        else { return nil }
        let earlier = (try? client.request.headers.credentials(field)) ?? []
        let others = earlier.filter { $0["realm"] != challenge.realm }
        guard others.count == earlier.count || challenge.isStale else { return nil }
        var request = client.request
        let proof = DigestCredentials(
            answering: challenge, method: request.method, uri: request.requestURI.description,
            body: request.body, user: credentials.user, secret: credentials.secret,
            cnonce: String(random(), radix: 16), hash: hash)
        request.headers.remove(field)
        for value in others { request.headers.append(field, value) }
        request.headers.append(field, AuthenticationValue(proof))
        return request
    }
}
