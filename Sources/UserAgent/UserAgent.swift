package import Logging
package import NIOCore
package import Primitives
package import SIP

/// The SIP user agent with its sockets: it drives a `UserAgentCore` on one event loop.
///
/// What is not `async` belongs to the loop; `execute` goes there from any thread. A command only
/// changes the core's state and makes a note to do what the core wants done: the events that it
/// causes reach the application after it, never from within.
package final class UserAgent: @unchecked Sendable {  // All state is confined to `eventLoop`.
    package let eventLoop: any EventLoop
    private let configuration: UserAgentConfiguration
    private let application: any UserAgentApplication
    private let log: Logger

    private var transports: TransportLayer?
    private var core: UserAgentCore?
    private var timer: DeadlineTimer?
    private var isPumping = false
    private var isPumpScheduled = false

    private var counts = UserAgentStatistics()
    private var badInput = LogRateLimit()
    private var sendFailures = LogRateLimit()
    private var unproven = LogRateLimit()
    private var undelivered = LogRateLimit()
    /// The Call-ID of each session, for log lines.
    private var callIDs: [SessionID: String] = [:]
    private var drained: EventLoopPromise<Void>?

    /// - Parameters:
    ///   - application: kept until the user agent goes.
    ///   - eventLoop: of a NIO group that the caller owns and shuts down.
    package init(
        _ configuration: UserAgentConfiguration, application: any UserAgentApplication,
        on eventLoop: any EventLoop, log: Logger
    ) {
        self.configuration = configuration
        self.application = application
        self.eventLoop = eventLoop
        self.log = log
    }

    // MARK: Life

    /// Binds every listener.
    ///
    /// Throws `SocketError` of the first that can't be bound; nothing is left open then.
    package func start() async throws {
        try await eventLoop.flatSubmit { self.open() }.get()
    }

    /// Refuses new calls with 503, ends every session with BYE, and waits for the answers.
    /// - Returns: how many sessions were still unanswered when `limit` was over.
    package func drain(within limit: Interval) async -> Int {
        let future = eventLoop.flatSubmit { self.endAll(within: limit) }
        return (try? await future.get()) ?? 0
    }

    /// Closes all sockets, whatever is under way: `drain` comes first.
    package func stop() async {
        try? await eventLoop.flatSubmit { self.close() }.get()
    }

    /// Runs `body` on the loop, also from other threads.
    package func execute(_ body: @escaping @Sendable (UserAgent) -> Void) {
        eventLoop.execute { body(self) }
    }

    /// From now on these limits hold, for connections from the next that opens.
    package func reload(_ limits: TransportLimits) {
        transports?.limits = limits
    }

    /// Above so many sessions a new one gets 503; those that there are go on.
    package func limitSessions(to count: Int) { core?.limitSessions(to: count) }

    /// Seconds in Retry-After of refusals to come.
    package func setRetryAfter(_ seconds: UInt32) { core?.setRetryAfter(seconds) }

    /// For calls and refreshes to come.
    package func setSessionTimer(_ policy: SessionTimer.Policy) { core?.setSessionTimer(policy) }

    // MARK: What it knows

    /// Where it listens, with the ports that were taken for port 0.
    package var addresses: [ListenAddress] { transports?.addresses ?? [] }

    package var statistics: UserAgentStatistics {
        var copy = counts
        copy.connectionsOpen = transports?.openConnections ?? 0
        copy.datagramsDropped = transports?.dropped ?? 0
        if let core {
            copy.sessions = core.sessionCount
            copy.transactions = core.transactionStatistics
        }
        return copy
    }

    /// Until the session's `ended`.
    package func callID(of id: SessionID) -> String? { callIDs[id] }

    /// A logger whose every line carries the Call-ID of the session.
    package func logger(for id: SessionID) -> Logger {
        var logger = log
        if let callID = callIDs[id] { logger[metadataKey: "call-id"] = "\(callID)" }
        return logger
    }

    // MARK: Commands: an incoming call

    /// A provisional response, 101 to 199 (see `UserAgentCore.progress`).
    package func progress(
        _ id: SessionID, _ status: StatusCode, body: MessageBody? = nil, reliably: Bool = false,
        headers: [Rejection.Field] = []
    ) {
        command {
            $0.progress(id, status, body: body, reliably: reliably, headers: headers, now: $1)
        }
    }

    /// 200; `body` is the answer, or our offer when the INVITE had none.
    package func accept(_ id: SessionID, body: MessageBody?, headers: [Rejection.Field] = []) {
        command { $0.accept(id, body: body, headers: headers, now: $1) }
    }

    /// A final response 300 to 699.
    package func reject(_ id: SessionID, _ refusal: Rejection) {
        command { $0.reject(id, refusal, now: $1) }
    }

    // MARK: Commands: a call of ours

    /// - Returns: nil before `start` and after `stop`.
    package func invite(_ call: OutgoingCall) -> SessionID? {
        guard let core else { return nil }
        let id = core.invite(call, now: .now)
        remember(id)
        schedulePump()
        return id
    }

    /// Before the final response; afterwards, and in any doubt, `end`.
    package func cancel(_ id: SessionID, reason: String? = nil) {
        command { $0.cancel(id, reason: reason, now: $1) }
    }

    // MARK: Commands: within a session

    package func acceptOffer(_ id: SessionID, body: MessageBody) {
        command { $0.acceptOffer(id, body: body, now: $1) }
    }

    package func rejectOffer(_ id: SessionID, _ refusal: Rejection) {
        command { $0.rejectOffer(id, refusal, now: $1) }
    }

    /// A re-INVITE, or an UPDATE (see `UserAgentCore.offer`).
    package func offer(_ id: SessionID, _ body: MessageBody, byUpdate: Bool = false) {
        command { $0.offer(id, body, byUpdate: byUpdate, now: $1) }
    }

    /// A re-INVITE without offer (see `UserAgentCore.requestOffer`).
    package func requestOffer(_ id: SessionID) {
        command { $0.requestOffer(id, now: $1) }
    }

    package func info(_ id: SessionID, _ body: MessageBody) {
        command { $0.info(id, body, now: $1) }
    }

    /// REFER within the session (see `UserAgentCore.refer`).
    package func refer(_ id: SessionID, to target: URI) {
        command { $0.refer(id, to: target, now: $1) }
    }

    /// Ends the session whatever its state: CANCEL, 487 or BYE.
    /// - Parameter reason: value of a Reason header field (RFC 3326).
    package func end(_ id: SessionID, reason: String? = nil) {
        command { $0.end(id, reason: reason, now: $1) }
    }

    // MARK: Commands: requests without session

    /// A request outside of sessions; `responded` names what this returns.
    /// - Returns: nil before `start` and after `stop`.
    package func request(_ method: Method, _ call: OutgoingCall) -> RequestID? {
        guard let core else { return nil }
        let id = core.request(method, call, now: .now)
        schedulePump()
        return id
    }

    /// Answers a request of `Configuration.applicationMethods`, with 2xx too.
    package func respond(to id: RequestID, _ answer: Rejection, body: MessageBody? = nil) {
        command { $0.respond(to: id, answer, body: body, now: $1) }
    }

    // MARK: Driving the core

    private func command(_ body: (UserAgentCore, Instant) -> Void) {
        eventLoop.assertInEventLoop()
        guard let core else { return }
        body(core, .now)
        schedulePump()
    }

    private func schedulePump() {
        // A pump that runs comes round to it.
        guard !isPumping, !isPumpScheduled else { return }
        isPumpScheduled = true
        eventLoop.execute {
            self.isPumpScheduled = false
            self.pump()
        }
    }

    /// Does what the core wants done, until it wants no more.
    private func pump() {
        guard let core, let transports, !isPumping else { return }
        isPumping = true
        while true {
            let actions = core.drainActions()
            if actions.isEmpty { break }
            for action in actions {
                switch action {
                case .send(let bytes, let destination):
                    count(sent: bytes, to: destination)
                    transports.send(bytes, to: destination)
                case .event(let event):
                    deliver(event)
                }
            }
        }
        isPumping = false
        timer?.set(core.deadline)
        if drained != nil, core.isIdle { finishDraining() }
    }

    private func deliver(_ event: UserAgentCore.Event) {
        noteBefore(event)
        application.handle(event, from: self)
        noteAfter(event)
    }

    // MARK: Opening and closing

    private func open() -> EventLoopFuture<Void> {
        let transports = TransportLayer(
            on: eventLoop, limits: configuration.limits,
            messageLimits: configuration.messageLimits, owner: self)
        self.transports = transports
        // One after the other: their order is that of preference.
        var bound = eventLoop.makeSucceededVoidFuture()
        for address in configuration.listen {
            bound = bound.flatMap { self.listen(on: address) }
        }
        return bound.map { self.run() }.flatMapError { error in
            self.close().flatMapThrowing { throw error }
        }
    }

    private func listen(on address: ListenAddress) -> EventLoopFuture<Void> {
        transports?.listen(on: address) ?? eventLoop.makeSucceededVoidFuture()
    }

    private func run() {
        var configuration = configuration.core
        if configuration.points.isEmpty {
            configuration.points = self.configuration.points(addresses)
        }
        var generator = SystemRandomNumberGenerator()
        core = UserAgentCore(
            configuration: configuration, random: { generator.next() }, hash: digestHash)
        timer = DeadlineTimer(on: eventLoop) { [unowned self] in
            core?.advance(to: .now)
            pump()
        }
        for address in addresses { log.info("SIP listens", metadata: ["address": "\(address)"]) }
    }

    private func endAll(within limit: Interval) -> EventLoopFuture<Int> {
        guard let core else { return eventLoop.makeSucceededFuture(0) }
        core.isDraining = true
        for id in callIDs.keys { core.end(id, now: .now) }
        let promise = eventLoop.makePromise(of: Void.self)
        drained = promise
        let task = eventLoop.scheduleTask(in: .nanoseconds(limit.nanoseconds)) {
            self.finishDraining()
        }
        schedulePump()
        return promise.futureResult.map {
            task.cancel()
            return self.core?.sessionCount ?? 0
        }
    }

    private func finishDraining() {
        drained?.succeed()
        drained = nil
    }

    private func close() -> EventLoopFuture<Void> {
        timer?.cancel()
        finishDraining()
        core = nil
        return transports?.stop() ?? eventLoop.makeSucceededVoidFuture()
    }
}

// MARK: - What comes from the transports

extension UserAgent: TransportOwner {
    func received(_ bytes: [UInt8], on flow: Flow) {
        guard let core else { return }
        do {
            let message = try Message(parsing: bytes, limits: configuration.messageLimits)
            count(received: bytes, message, on: flow)
            let before = core.transactionStatistics.unproven
            core.receive(message, on: flow, now: .now)
            if core.transactionStatistics.unproven != before { noteUnproven(flow) }
        } catch .empty {
            counts.keepAlives += 1
        } catch {
            counts.parseFailures["\(error)", default: 0] += 1
            noteBadInput(flow, error.description)
        }
    }

    func receivedAll() { pump() }

    func failed(_ destination: Destination, _ error: any Error) {
        counts.sendFailures += 1
        if let more = sendFailures.admit(.now) {
            log.notice(
                "SIP message can't be sent",
                metadata: [
                    "to": "\(destination)", "error": "\(error)", "suppressed": "\(more)",
                ])
        }
        core?.transportFailed(destination, now: .now)
        pump()
    }

    func undelivered(_ datagram: UndeliveredDatagram) {
        guard let core else { return }
        switch core.undelivered(datagram, now: .now) {
        case .none: counts.icmpErrors.ignored += 1
        case .noted: counts.icmpErrors.noted += 1
        case .ended(let count, let callID):
            counts.icmpErrors.ended += 1
            if let more = undelivered.admit(.now) {
                var metadata: Logger.Metadata = [
                    "remote": "\(datagram.destination)", "requests": "\(count)",
                    "suppressed": "\(more)",
                ]
                if let callID { metadata["call-id"] = "\(callID)" }
                let reason =
                    datagram.cause == .refused ? "nobody listens there" : "there is no way to it"
                log.info("a SIP peer can't be reached: \(reason)", metadata: metadata)
            }
            pump()
        }
    }

    func connectionOpened(_ flow: Flow, incoming: Bool) {
        if incoming { counts.connectionsAccepted += 1 } else { counts.connectionsMade += 1 }
        log.debug(
            "SIP connection opened",
            metadata: ["remote": "\(flow.remote)", "connection": "\(flow.connection)"])
    }

    func connectionClosed(_ flow: Flow, _ cause: CloseCause) {
        counts.connectionsClosed[cause.name, default: 0] += 1
        if case .broken(let reason) = cause { noteBadInput(flow, reason) }
        log.debug(
            "SIP connection closed",
            metadata: [
                "remote": "\(flow.remote)", "connection": "\(flow.connection)",
                "cause": "\(cause)",
            ])
    }

    func connectionRefused(_ remote: Endpoint) {
        counts.connectionsRefused += 1
        guard let more = badInput.admit(.now) else { return }
        log.notice(
            "too many SIP connections: one is refused",
            metadata: ["remote": "\(remote)", "suppressed": "\(more)"])
    }

    func listenerFailed(_ address: ListenAddress, _ error: any Error) {
        log.debug("SIP listener", metadata: ["address": "\(address)", "error": "\(error)"])
    }

    private func noteUnproven(_ flow: Flow) {
        guard let more = unproven.admit(.now) else { return }
        log.notice(
            "too many INVITEs without ACK: they may be forged, and get one 503 each",
            metadata: ["remote": "\(flow.remote)", "suppressed": "\(more)"])
    }

    private func noteBadInput(_ flow: Flow, _ reason: String) {
        guard let more = badInput.admit(.now) else { return }
        log.notice(
            "no SIP message",
            metadata: [
                "remote": "\(flow.remote)", "transport": "\(flow.transport)",
                "reason": "\(reason)", "suppressed": "\(more)",
            ])
    }
}

// MARK: - Counters and log lines

extension UserAgent {
    private func count(received bytes: [UInt8], _ message: Message, on flow: Flow) {
        let logs = log.logLevel <= .debug
        let glance = MessageGlance(bytes, withCallID: logs)
        if let status = glance.status {
            // Strangers may send any of 600 codes: those that nobody defined count as their class.
            let code = status.isRegistered ? status : StatusCode(100 * status.category) ?? status
            counts.responsesReceived[.init(glance.method, code), default: 0] += 1
        } else {
            counts.requestsReceived[glance.method, default: 0] += 1
        }
        if logs { trace("received", glance, bytes, "\(flow.transport) \(flow.remote)") }
    }

    private func count(sent bytes: [UInt8], to destination: Destination) {
        let logs = log.logLevel <= .debug
        let glance = MessageGlance(bytes, withCallID: logs)
        if let status = glance.status {
            counts.responsesSent[.init(glance.method, status), default: 0] += 1
            if status >= 300 { counts.refusals[status, default: 0] += 1 }
        } else {
            counts.requestsSent[glance.method, default: 0] += 1
        }
        guard logs else { return }
        let place =
            switch destination {
            case .flow(let flow): "\(flow.transport) \(flow.remote)"
            case .hop(let hop): "\(hop.transport) \(hop.host):\(hop.port ?? 0)"
            }
        trace("sent", glance, bytes, place)
    }

    private func trace(
        _ verb: String, _ glance: MessageGlance, _ bytes: [UInt8], _ place: String
    ) {
        let name = glance.status.map { "\($0) \(glance.method)" } ?? "\(glance.method)"
        let callID: Logger.Metadata = ["call-id": "\(glance.callID)"]
        log.debug("\(verb) \(name), \(place)", metadata: callID)
        log.trace("\(String(decoding: bytes, as: UTF8.self))", metadata: callID)
    }

    private func noteBefore(_ event: UserAgentCore.Event) {
        switch event {
        case .invited(let id, let request, let flow, _):
            remember(id)
            logger(for: id).info(
                "call from \(request.headers[first: .from] ?? "?") for \(request.requestURI)",
                metadata: ["remote": "\(flow.remote)", "transport": "\(flow.transport)"])
        case .established(let id):
            logger(for: id).debug("call established")
        case .ended(let id, let cause):
            logger(for: id).info("call ended: \(cause.summary)")
        default:
            break
        }
    }

    private func noteAfter(_ event: UserAgentCore.Event) {
        if case .ended(let id, _) = event { callIDs[id] = nil }
    }

    private func remember(_ id: SessionID) {
        callIDs[id] = core?.callID(of: id)
    }
}
