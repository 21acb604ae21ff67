package import Primitives

// MARK: - Requests from peers

extension TransactionLayer {
    /// The user's response to a request.
    ///
    /// Ignored when the transaction is over or has a final response already; a repeated 2xx to an
    /// INVITE is sent each time. A provisional response to a non-INVITE is never sent (RFC 4320).
    package mutating func respond(
        to id: ServerTransactionID, with response: Response, now: Instant
    ) {
        guard let place = servers.place(of: id.value) else { return }
        let code = response.status.value
        let isSent: Bool
        switch servers[place]?.machine {
        case .invite(var machine):
            isSent = machine.respond(code, now: now)
            servers[place]?.machine = .invite(machine)
        case .other(var machine):
            isSent = machine.respond(code, now: now)
            servers[place]?.machine = .other(machine)
        case nil:
            return
        }
        if isSent { send(response, fromServerAt: place) }
        settleServer(at: place)
    }

    /// Sends a response without a transaction: for what can't have one.
    package mutating func respondStatelessly(
        to request: Request, with response: Response, on flow: Flow
    ) {
        // A Via that can't be read names no place: what is left is where the request came from.
        var destination: Destination? = .flow(flow)
        if let via = try? request.headers.topVia() {
            destination = Destination(responsesBy: via, on: flow)
        }
        guard request.method != .ack, let destination else {
            statistics.unanswerable += 1
            return
        }
        actions.append(.send(response.serialised(), to: destination))
    }

    mutating func receive(_ received: Request, on flow: Flow, now: Instant) {
        guard let via = try? received.headers.topVia() else {
            statistics.unanswerable += 1
            guard received.method != .ack else { return }
            let response =
                received.defect().map { received.response($0) } ?? received.response(400)
            respondStatelessly(to: received, with: response, on: flow)
            return
        }
        var request = received
        let completed = via.completed(by: flow)
        if completed != via { request.headers.replaceFirstElement(of: .via, with: completed) }

        switch request.method {
        case .ack: receiveAcknowledgement(request, via: via, on: flow, now: now)
        default:
            let key = ServerTransactionKey(request, via: via, method: request.method)
            if let place = place(of: key, matching: request) {
                receiveAgain(at: place)
            } else {
                begin(request, key: key, via: via, on: flow, now: now)
            }
        }
    }

    /// The transaction that a request belongs to.
    private func place(of key: ServerTransactionKey, matching request: Request) -> Int? {
        guard let place = serverPlaces[key] else { return nil }
        guard key.isRFC2543 else { return place }
        // An ACK carries the tag that our response put in, any other the one of the first request.
        let expected =
            request.method == .ack ? servers[place]?.responseTag : servers[place]?.requestTag
        return request.headers.tag(of: .to) == expected ? place : nil
    }

    private mutating func receiveAgain(at place: Int) {
        statistics.repeatedRequests += 1
        let isAnswered =
            switch servers[place]?.machine {
            case .invite(let machine): machine.receiveRetransmission()
            case .other(let machine): machine.receiveRetransmission()
            case nil: false
            }
        if isAnswered { resendResponse(at: place) }
    }

    private mutating func receiveAcknowledgement(
        _ request: Request, via: Via, on flow: Flow, now: Instant
    ) {
        let key = ServerTransactionKey(request, via: via, method: .invite)
        guard let place = place(of: key, matching: request),
            case .invite(var machine) = servers[place]?.machine
        else {
            actions.append(.acknowledgement(request, on: flow, invite: nil))
            return
        }
        release(place)
        let reception = machine.receiveAcknowledgement(now: now)
        servers[place]?.machine = .invite(machine)
        if reception == .passUp {
            let id = ServerTransactionID(value: servers.number(at: place))
            actions.append(.acknowledgement(request, on: flow, invite: id))
        }
        settleServer(at: place)
    }

    private mutating func begin(
        _ request: Request, key: ServerTransactionKey, via: Via, on flow: Flow, now: Instant
    ) {
        guard let destination = Destination(responsesBy: via, on: flow) else {
            statistics.unanswerable += 1
            return
        }
        let mergedKey = MergedRequestKey(request)
        // What is within a dialog or cancels frees more than it takes: it has room to spare.
        let isNew = mergedKey != nil && request.method != .cancel
        let most = configuration.maximumTransactions
        guard count < (isNew ? most : most + most / 4) else {
            statistics.overloads += 1
            refuseForOverload(request, to: destination)
            return
        }
        let reliable = flow.transport.isReliable
        var unproven: IPAddress?
        if isNew, request.method == .invite, !reliable, !sources.isProven(flow.remote.address) {
            guard sources.begin(flow.remote.address) else {
                statistics.unproven += 1
                refuseForOverload(request, to: destination)
                return
            }
            unproven = flow.remote.address
        }
        let timers = configuration.timers
        let machine: ServerTransaction.Machine =
            request.method == .invite
            ? .invite(InviteServerTransaction(reliable: reliable, timers: timers, now: now))
            : .other(NonInviteServerTransaction(reliable: reliable, timers: timers, now: now))
        let requestTag = key.isRFC2543 ? request.headers.tag(of: .to) : nil
        let number = servers.insert(
            ServerTransaction(
                machine: machine, key: key, mergedKey: mergedKey, destination: destination,
                request: request, requestTag: requestTag, unproven: unproven))
        let id = ServerTransactionID(value: number)
        guard let place = servers.place(of: number) else { return }
        statistics.serverTransactions += 1
        serverPlaces[key] = place
        link(.server, at: place, to: destination)
        settleServer(at: place)

        if request.method == .cancel {
            let inviteKey = ServerTransactionKey(request, via: via, method: .invite)
            let invite = self.place(of: inviteKey, matching: request).map {
                ServerTransactionID(value: servers.number(at: $0))
            }
            actions.append(.cancel(id, request, on: flow, invite: invite))
            return
        }
        var merged: ServerTransactionID?
        if let mergedKey {
            if let other = mergedPlaces[mergedKey] {
                merged = ServerTransactionID(value: servers.number(at: other))
                statistics.mergedRequests += 1
            } else {
                mergedPlaces[mergedKey] = place
            }
        }
        actions.append(.request(id, request, on: flow, mergedWith: merged))
    }

    /// The user says that the ACK of its 2xx came: it had the tag that only that response told.
    package mutating func proved(_ id: ServerTransactionID, by address: IPAddress) {
        sources.prove(address)
        if let place = servers.place(of: id.value) { release(place) }
    }

    /// Nothing is repeated for this INVITE any more.
    private mutating func release(_ place: Int) {
        guard let address = servers[place]?.unproven else { return }
        servers[place]?.unproven = nil
        sources.end(address)
    }

    private mutating func refuseForOverload(_ request: Request, to destination: Destination) {
        // The same tag for the same request, since nothing remembers it (RFC 3261 §8.2.7).
        var hasher = Hasher()
        hasher.combine(request.headers.callID)
        hasher.combine(request.headers.tag(of: .from))
        hasher.combine((try? request.headers.topVia())?.branch)
        let tag = configuration.identity + String(UInt(bitPattern: hasher.finalize()), radix: 16)
        var response = request.response(.serviceUnavailable, toTag: tag)
        response.headers.set(.retryAfter, String(configuration.retryAfter))
        actions.append(.send(response.serialised(), to: destination))
    }

    private mutating func send(_ response: Response, fromServerAt place: Int) {
        guard let destination = servers[place]?.destination else { return }
        let octets = response.serialised()
        servers[place]?.request = nil
        if case .invite = servers[place]?.machine, response.status.isSuccess {
            // Its user repeats it; an INVITE that comes again is absorbed for 32 s, which needs
            // none of the octets.
            servers[place]?.response = []
        } else {
            servers[place]?.response = octets
        }
        if response.status.isFinal, servers[place]?.key.isRFC2543 == true {
            servers[place]?.responseTag = response.headers.tag(of: .to)
        }
        actions.append(.send(octets, to: destination))
    }

    mutating func advanceServer(at place: Int, to now: Instant) {
        switch servers[place]?.machine {
        case .invite(var machine):
            let action = machine.advance(to: now)
            servers[place]?.machine = .invite(machine)
            switch action {
            case .sendTrying: sendTrying(at: place)
            case .resend:
                statistics.retransmissions += 1
                resendResponse(at: place)
            case .unacknowledged:
                let id = ServerTransactionID(value: servers.number(at: place))
                actions.append(.unacknowledged(id))
            case .ended, nil: break
            }
        case .other(var machine):
            let action = machine.advance(to: now)
            servers[place]?.machine = .other(machine)
            switch action {
            case .sendTrying: sendTrying(at: place)
            case .expired, .ended, nil: break
            }
        case nil:
            break
        }
        settleServer(at: place)
    }

    private mutating func resendResponse(at place: Int) {
        guard let octets = servers[place]?.response, !octets.isEmpty,
            let destination = servers[place]?.destination
        else { return }
        actions.append(.send(octets, to: destination))
    }

    private mutating func sendTrying(at place: Int) {
        guard let request = servers[place]?.request else { return }
        send(request.response(.trying), fromServerAt: place)
    }

    mutating func serverTransportFailed(at place: Int, now: Instant) {
        guard servers[place] != nil else { return }
        statistics.transportFailures += 1
        actions.append(.undeliverable(ServerTransactionID(value: servers.number(at: place))))
        if case .other(var machine) = servers[place]?.machine {
            machine.transportFailed()
            servers[place]?.machine = .other(machine)
        }
        settleServer(at: place)
    }

    /// After every change: arms the transaction's deadline, or takes it away when it is finished.
    private mutating func settleServer(at place: Int) {
        let isOver: Bool
        let deadline: Instant?
        switch servers[place]?.machine {
        case .invite(let machine): (isOver, deadline) = (machine.isTerminated, machine.deadline)
        case .other(let machine): (isOver, deadline) = (machine.isTerminated, machine.deadline)
        case nil: return
        }
        setDeadline(deadline, .server, at: place)
        guard isOver else { return }
        let id = ServerTransactionID(value: servers.number(at: place))
        release(place)
        guard let server = servers.remove(at: place) else { return }
        unlink(.server, at: place, from: server.destination)
        // Another one may own the key by now: see `ServerTransactionKey.rfc2543`.
        if serverPlaces[server.key] == place { serverPlaces[server.key] = nil }
        if let mergedKey = server.mergedKey, mergedPlaces[mergedKey] == place {
            mergedPlaces[mergedKey] = nil
        }
        actions.append(.serverEnded(id))
    }
}

extension Via {
    /// As the receiver of the request completes it (RFC 3261 §18.2.1, RFC 3581 §4).
    package func completed(by flow: Flow) -> Via {
        var via = self
        let source = flow.remote.address
        // With rport always, so that the sender learns its address as the world sees it.
        if wantsRport {
            via.rport = flow.remote.port
            via.received = source
        } else if host != .address(source) || parameters.contains("received") {
            // What a sender says about itself counts for nothing.
            via.received = source
        }
        return via
    }
}
