package import Primitives

// MARK: - Requests of ours

extension TransactionLayer {
    /// Sends a request in a transaction of its own. Not for ACK: see `sendAcknowledgement`.
    ///
    /// Puts our Via in front. A request too long for a datagram goes by TCP to the same place
    /// (RFC 3261 §18.1.1), and by UDP if TCP fails.
    /// - Parameter sentBy: what the Via says we are, for the transport of the destination.
    /// - Returns: nil when there are too many transactions; nothing has been sent then.
    package mutating func send(
        _ request: Request, to destination: Destination, sentBy: SentBy, now: Instant
    ) -> ClientTransactionID? {
        let most = configuration.maximumTransactions
        guard count < most + most / 4 else { return nil }
        let branch = makeBranch()
        var sent = request
        sent.headers.insertFirst(.via, via(sentBy, destination.transport, branch: branch))
        var octets = sent.serialised()
        var wire = destination
        if destination.transport == .udp, octets.count > configuration.largestDatagram {
            wire = destination.overTCP
            sent.headers.replaceFirstElement(of: .via, with: via(sentBy, .tcp, branch: branch))
            octets = sent.serialised()
        }
        return begin(
            sent, octets: octets, branch: branch, to: wire,
            datagramDestination: wire == destination ? nil : destination, isInternal: false,
            now: now)
    }

    /// Sends an ACK for a 2xx, which is a request without transaction (RFC 3261 §13.2.2.4).
    ///
    /// - Returns: the octets, to be sent again with `resend` when the 2xx comes again.
    package mutating func sendAcknowledgement(
        _ request: Request, to destination: Destination, sentBy: SentBy
    ) -> [UInt8] {
        var sent = request
        sent.headers.insertFirst(.via, via(sentBy, destination.transport, branch: makeBranch()))
        let octets = sent.serialised()
        resend(octets, to: destination)
        return octets
    }

    /// Sends octets as they are.
    package mutating func resend(_ octets: [UInt8], to destination: Destination) {
        actions.append(.send(octets, to: destination))
    }

    /// Cancels an INVITE of ours that has no final response (RFC 3261 §9.1): at once, or with the
    /// first provisional response. The INVITE's final response comes all the same, mostly 487;
    /// where it doesn't, `failed` comes after 64*T1.
    /// - Parameter reason: value of a Reason header field (RFC 3326).
    package mutating func cancel(_ id: ClientTransactionID, reason: String? = nil, now: Instant) {
        guard let place = clients.place(of: id.value),
            case .notWanted = clients[place]?.cancellation,
            case .invite(let machine) = clients[place]?.machine
        else { return }
        if machine.isCalling {
            clients[place]?.cancellation = .wanted(reason: reason)
        } else if machine.isProceeding {
            sendCancel(at: place, reason: reason, now: now)
        }
    }

    /// Lets go of a transaction: nothing more is heard of it, and it sends no more.
    package mutating func abandon(_ id: ClientTransactionID) {
        guard let place = clients.place(of: id.value) else { return }
        removeClient(at: place)
    }

    private func via(_ sentBy: SentBy, _ transport: TransportProtocol, branch: String) -> Via {
        var via = Via(transport: transport.viaText, host: sentBy.host, port: sentBy.port)
        via.parameters.append("rport")
        via.parameters.append("branch", branch)
        return via
    }

    private mutating func begin(
        _ request: Request, octets: [UInt8], branch: String, to destination: Destination,
        datagramDestination: Destination?, isInternal: Bool, now: Instant
    ) -> ClientTransactionID? {
        let reliable = destination.transport.isReliable
        let timers = configuration.timers
        let machine: ClientTransaction.Machine =
            request.method == .invite
            ? .invite(InviteClientTransaction(reliable: reliable, timers: timers, now: now))
            : .other(NonInviteClientTransaction(reliable: reliable, timers: timers, now: now))
        let key = ClientTransactionKey(branch: branch, method: request.method)
        let number = clients.insert(
            ClientTransaction(
                machine: machine, key: key, destination: destination, request: request,
                octets: octets, viaCount: request.headers.viaCount,
                datagramDestination: datagramDestination, isInternal: isInternal))
        guard let place = clients.place(of: number) else { return nil }
        statistics.clientTransactions += 1
        clientPlaces[key] = place
        link(.client, at: place, to: destination)
        actions.append(.send(octets, to: destination))
        settleClient(at: place)
        return ClientTransactionID(value: number)
    }

    mutating func receive(_ response: Response, on flow: Flow, now: Instant) {
        guard let branch = (try? response.headers.topVia())?.branch,
            let method = (try? response.headers.cseq)?.method,
            let place = clientPlaces[ClientTransactionKey(branch: branch, method: method)]
        else {
            receiveStray(response, on: flow)
            return
        }
        // More Via than we sent would be forwarded by nobody but a proxy in a loop of its own
        // making (RFC 3261 §8.1.3.3).
        guard response.headers.viaCount == clients[place]?.viaCount else {
            statistics.strayResponses += 1
            return
        }
        // The connection that the answer came by is the one for ACK and CANCEL; where it is the one
        // that was asked for, the destination also says where the peer listens, and stays.
        if flow.transport.isReliable, let destination = clients[place]?.destination,
            destination.transport == flow.transport, destination.connection != flow.connection
        {
            redirect(place, to: .flow(flow))
        }
        clients[place]?.doubt = nil
        let id = ClientTransactionID(value: clients.number(at: place))
        let code = response.status.value
        var isForUser = false
        switch clients[place]?.machine {
        case .invite(var machine):
            let reception = machine.receive(code, now: now)
            clients[place]?.machine = .invite(machine)
            switch reception {
            case .passUp: isForUser = true
            case .acknowledgeAndPassUp:
                acknowledge(response, at: place)
                isForUser = true
            case .acknowledge:
                if let ack = clients[place]?.acknowledgement,
                    let destination = clients[place]?.destination
                {
                    resend(ack, to: destination)
                }
            case .drop: break
            }
            if machine.isProceeding, case .wanted(let reason) = clients[place]?.cancellation {
                sendCancel(at: place, reason: reason, now: now)
            }
        case .other(var machine):
            isForUser = machine.receive(code, now: now)
            clients[place]?.machine = .other(machine)
        case nil:
            return
        }
        if isForUser, clients[place]?.isInternal == false {
            actions.append(.response(id, response, on: flow))
        }
        settleClient(at: place)
    }

    private mutating func receiveStray(_ response: Response, on flow: Flow) {
        statistics.strayResponses += 1
        // One that has more Via than ours is not for us, and never goes where those point
        // (RFC 4475 §3.3.10).
        guard response.status.isSuccess, response.headers.viaCount == 1,
            (try? response.headers.cseq)?.method == .invite
        else { return }
        actions.append(.strayResponse(response, on: flow))
    }

    /// ACK for a refusal (RFC 3261 §17.1.1.3).
    private mutating func acknowledge(_ response: Response, at place: Int) {
        guard let client = clients[place] else { return }
        var ack = follower(of: client.request, method: .ack)
        if let to = response.headers[first: .to] { ack.headers.set(.to, to) }
        let octets = ack.serialised()
        clients[place]?.acknowledgement = octets
        resend(octets, to: clients[place]?.destination ?? client.destination)
    }

    private mutating func sendCancel(at place: Int, reason: String?, now: Instant) {
        guard let client = clients[place], case .invite(var machine) = client.machine else {
            return
        }
        machine.cancelled(now: now)
        clients[place]?.machine = .invite(machine)
        clients[place]?.cancellation = .sent
        var cancel = follower(of: client.request, method: .cancel)
        if let reason { cancel.headers.append(.reason, reason) }
        _ = begin(
            cancel, octets: cancel.serialised(), branch: client.key.branch,
            to: clients[place]?.destination ?? client.destination, datagramDestination: nil,
            isInternal: true, now: now)
        settleClient(at: place)
    }

    /// An ACK or CANCEL that takes the way of its INVITE, hop by hop (RFC 3261 §9.1, §17.1.1.3).
    private func follower(of invite: Request, method: Method) -> Request {
        var headers = Headers()
        if let via = try? invite.headers.topVia() { headers.append(.via, via.description) }
        headers.append(.maxForwards, "70")
        for route in invite.headers.values(of: .route) { headers.append(.route, route) }
        for name in [HeaderName.from, .to, .callID] {
            if let value = invite.headers[first: name] { headers.append(name, value) }
        }
        if let cseq = try? invite.headers.cseq {
            headers.append(.cseq, CSeq(cseq.number, method).description)
        }
        return Request(method: method, requestURI: invite.requestURI, headers: headers, body: [])
    }

    private mutating func redirect(_ place: Int, to destination: Destination) {
        guard let old = clients[place]?.destination, old != destination else { return }
        unlink(.client, at: place, from: old)
        clients[place]?.destination = destination
        link(.client, at: place, to: destination)
    }

    mutating func advanceClient(at place: Int, to now: Instant) {
        let resends: Bool
        let timedOut: Bool
        switch clients[place]?.machine {
        case .invite(var machine):
            let action = machine.advance(to: now)
            clients[place]?.machine = .invite(machine)
            (resends, timedOut) = (action == .resend, action == .timedOut)
        case .other(var machine):
            let action = machine.advance(to: now)
            clients[place]?.machine = .other(machine)
            (resends, timedOut) = (action == .resend, action == .timedOut)
        case nil:
            return
        }
        if resends, let octets = clients[place]?.octets,
            let destination = clients[place]?.destination
        {
            statistics.retransmissions += 1
            clients[place]?.sendings += 1
            resend(octets, to: destination)
        }
        if timedOut {
            statistics.timeouts += 1
            fail(place, .timedOut)
        }
        settleClient(at: place)
    }

    mutating func clientTransportFailed(at place: Int, now: Instant) {
        guard let client = clients[place] else { return }
        statistics.transportFailures += 1
        if let datagram = client.datagramDestination, retryByDatagram(place, datagram, now: now) {
            return
        }
        let isTold: Bool
        switch client.machine {
        case .invite(var machine):
            isTold = machine.transportFailed()
            clients[place]?.machine = .invite(machine)
        case .other(var machine):
            isTold = machine.transportFailed()
            clients[place]?.machine = .other(machine)
        }
        if isTold { fail(place, .transport) }
        settleClient(at: place)
    }

    /// - Returns: false when an answer has come by TCP already.
    private mutating func retryByDatagram(
        _ place: Int, _ destination: Destination, now: Instant
    ) -> Bool {
        guard var client = clients[place], var via = try? client.request.headers.topVia() else {
            return false
        }
        let timers = configuration.timers
        switch client.machine {
        case .invite(let machine):
            guard machine.isCalling else { return false }
            client.machine = .invite(
                InviteClientTransaction(reliable: false, timers: timers, now: now))
        case .other(let machine):
            guard machine.isTrying else { return false }
            client.machine = .other(
                NonInviteClientTransaction(reliable: false, timers: timers, now: now))
        }
        via.transport = TransportProtocol.udp.viaText
        client.request.headers.replaceFirstElement(of: .via, with: via)
        client.octets = client.request.serialised()
        client.datagramDestination = nil
        let octets = client.octets
        clients[place] = client
        redirect(place, to: destination)
        resend(octets, to: destination)
        settleClient(at: place)
        return true
    }

    private mutating func fail(_ place: Int, _ failure: Failure) {
        guard clients[place]?.isInternal == false else { return }
        actions.append(.failed(ClientTransactionID(value: clients.number(at: place)), failure))
    }

    /// After every change: arms the transaction's deadline, or takes it away when it is finished.
    private mutating func settleClient(at place: Int) {
        let isOver: Bool
        let deadline: Instant?
        switch clients[place]?.machine {
        case .invite(let machine): (isOver, deadline) = (machine.isTerminated, machine.deadline)
        case .other(let machine): (isOver, deadline) = (machine.isTerminated, machine.deadline)
        case nil: return
        }
        setDeadline(deadline, .client, at: place)
        guard isOver else { return }
        let id = ClientTransactionID(value: clients.number(at: place))
        let isInternal = clients[place]?.isInternal == true
        removeClient(at: place)
        if !isInternal { actions.append(.clientEnded(id)) }
    }

    private mutating func removeClient(at place: Int) {
        guard let client = clients.remove(at: place) else { return }
        setDeadline(nil, .client, at: place)
        unlink(.client, at: place, from: client.destination)
        clientPlaces[client.key] = nil
    }
}

extension Destination {
    /// The connection of a flow; nil for a hop.
    fileprivate var connection: UInt64? {
        if case .flow(let flow) = self { flow.connection } else { nil }
    }

    /// The same place by TCP.
    fileprivate var overTCP: Destination {
        switch self {
        case .flow(let flow):
            let remote = flow.remote
            return .hop(
                NextHop(
                    transport: .tcp, host: remote.address.description, port: remote.port,
                    local: flow.local.address))
        case .hop(var hop):
            hop.transport = .tcp
            return .hop(hop)
        }
    }
}

extension Headers {
    /// Via values; 0 when they can't be told apart.
    fileprivate var viaCount: Int { (try? lists(of: .via))?.count ?? 0 }
}
