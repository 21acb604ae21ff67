package import Primitives

/// The sans-I/O user agent: messages and instants in, octets to send and events out
/// (RFC 3261 §8, §11 to §15; RFC 3262, 3311, 4028, 6337).
///
/// The contract of every call: it changes state, then the owner takes `drainActions()` and performs
/// them, then arms its timer by `deadline`. Commands that name a session or request which is no
/// more, or isn't in the state for them, do nothing: the event that says so is on its way.
///
/// Confined to one event loop.
package final class UserAgentCore {
    private(set) var configuration: Configuration
    /// 64 random bits a call.
    let random: () -> UInt64
    let hash: DigestHash

    var transactions: TransactionLayer
    var sessions = SlotTable<InviteSession>()
    var sessionsByKey: [SessionKey: SessionID] = [:]
    /// Whose the server transactions are that wait for the application, or may be cancelled.
    var servers: [ServerTransactionID: Server] = [:]
    var clients: [ClientTransactionID: Client] = [:]
    /// Requests that wait for the application.
    var requests: [RequestID: PendingRequest] = [:]
    private var lastRequest: UInt64 = 0
    private var deadlines = DeadlineHeap()
    private var actions: [Action] = []
    package internal(set) var statistics = Statistics()

    /// INVITEs and other requests that would make work get 503 with Retry-After; what there is goes
    /// on. For the time before a shutdown.
    package var isDraining = false

    /// - Parameters:
    ///   - random: 64 random bits a call, for tags, branches and Call-IDs; seeded in tests.
    ///   - hash: for digest authentication as a client.
    package init(
        configuration: Configuration, random: @escaping () -> UInt64, hash: @escaping DigestHash
    ) {
        self.configuration = configuration
        self.random = random
        self.hash = hash
        transactions = TransactionLayer(
            configuration: .init(
                identity: configuration.identity, timers: configuration.timers,
                maximumTransactions: configuration.maximumTransactions,
                retryAfter: Int(configuration.retryAfter),
                maximumUnproven: (
                    configuration.maximumUnprovenPerAddress,
                    max(configuration.maximumUnprovenPerAddress, configuration.maximumSessions / 2)
                ),
                largestDatagram: configuration.largestDatagram),
            random: random)
    }

    // MARK: The run loop

    package func receive(_ message: Message, on flow: Flow, now: Instant) {
        transactions.receive(message, on: flow, now: now)
        takeTransactions(now: now)
    }

    /// A send to this destination failed, or its connection broke.
    package func transportFailed(_ destination: Destination, now: Instant) {
        transactions.transportFailed(destination, now: now)
        takeTransactions(now: now)
    }

    /// ICMP says that a datagram did not arrive (see `TransactionLayer.undelivered`).
    package func undelivered(
        _ datagram: UndeliveredDatagram, now: Instant
    ) -> UndeliveredDatagram.Effect {
        defer { takeTransactions(now: now) }
        return transactions.undelivered(datagram, now: now)
    }

    /// When `advance(to:)` is next due; nil when nothing waits.
    package var deadline: Instant? {
        guard let ours = deadlines.first?.deadline else { return transactions.deadline }
        return transactions.deadline.map { min($0, ours) } ?? ours
    }

    package func advance(to now: Instant) {
        while let (place, deadline) = deadlines.first, deadline <= now {
            deadlines.set(nil, for: place)
            if let session = sessions[place] { advance(session, to: now) }
        }
        transactions.advance(to: now)
        takeTransactions(now: now)
    }

    /// Takes everything that is to be done, in order.
    package func drainActions() -> [Action] {
        var drained: [Action] = []
        swap(&drained, &actions)
        return drained
    }

    /// Changes `Configuration.maximumSessions`; what is above it already goes on.
    package func limitSessions(to count: Int) { configuration.maximumSessions = count }

    /// Changes `Configuration.sessionTimer`, for sessions and refreshes to come.
    package func setSessionTimer(_ policy: SessionTimer.Policy) {
        configuration.sessionTimer = policy
    }

    /// Changes `Configuration.retryAfter`, for refusals to come. What the table of transactions
    /// itself refuses, when it is full, keeps the first value.
    package func setRetryAfter(_ seconds: UInt32) { configuration.retryAfter = seconds }

    // MARK: What there is

    /// Sessions, those included whose end the peer hasn't confirmed yet.
    package var sessionCount: Int { sessions.count }

    /// Nothing is left that a shutdown should wait for.
    package var isIdle: Bool { sessions.count == 0 && requests.isEmpty }

    /// Entries of all tables together: zero when nothing is under way any more, however much was.
    package var entryCount: Int {
        sessions.count + sessionsByKey.count + servers.count + clients.count + requests.count
            + transactions.count
    }

    /// The Call-ID of a session, for logs.
    package func callID(of id: SessionID) -> String? { session(id)?.callID }

    package var transactionStatistics: TransactionStatistics { transactions.statistics }

    // MARK: Shared by all parts

    func session(_ id: SessionID) -> InviteSession? {
        sessions.place(of: id.value).flatMap { sessions[$0] }
    }

    func makeSession(
        isIncoming: Bool, callID: String, localTag: String, point: ListeningPoint, flow: Flow?
    ) -> InviteSession {
        let session = InviteSession(
            isIncoming: isIncoming, callID: callID, localTag: localTag, point: point, flow: flow)
        session.id = SessionID(value: sessions.insert(session))
        sessionsByKey[SessionKey(callID: callID, localTag: localTag)] = session.id
        statistics.sessions += 1
        return session
    }

    /// Arms the session's timer after any change.
    func schedule(_ session: InviteSession) {
        guard let place = sessions.place(of: session.id.value) else { return }
        deadlines.set(session.deadline, for: place)
    }

    /// The session needs nothing more, from anyone.
    func forget(_ session: InviteSession) {
        guard let place = sessions.place(of: session.id.value) else { return }
        deadlines.set(nil, for: place)
        _ = sessions.remove(at: place)
        sessionsByKey[SessionKey(callID: session.callID, localTag: session.localTag)] = nil
    }

    /// Tells the application of the end, once.
    ///
    /// The session is forgotten, unless it still owes something to the peer.
    func end(_ session: InviteSession, _ cause: EndCause) {
        guard !session.hasEnded else { return }
        session.hasEnded = true
        session.stage = .leaving
        session.timer = nil
        session.retryAt = nil
        session.laterOffers = []
        session.laterProvisionals = []
        session.provisionals = nil
        emit(.ended(session.id, cause))
        if !session.owesBye, session.byeTransaction == nil, session.ownInvite == nil {
            forget(session)
        } else {
            schedule(session)
        }
    }

    func emit(_ event: Event) { actions.append(.event(event)) }

    func makeRequestID() -> RequestID {
        lastRequest += 1
        return RequestID(value: lastRequest)
    }

    /// A tag or Call-ID that nobody can guess and that says whose it is.
    func makeToken() -> String {
        let digits = String(random(), radix: 16)
        return configuration.identity + String(repeating: "0", count: 16 - digits.utf8.count)
            + digits
    }

    // MARK: The layer below

    func respond(_ transaction: ServerTransactionID, _ response: Response, now: Instant) {
        transactions.respond(to: transaction, with: response, now: now)
        takeTransactions(now: now)
    }

    func respond(
        to request: Request, _ transaction: ServerTransactionID, _ rejection: Rejection,
        now: Instant
    ) {
        let toTag = makeToken()
        // For the CANCEL that may have been on its way.
        if request.method == .invite, servers[transaction] == nil {
            servers[transaction] = .refused(localTag: toTag)
        }
        var response = request.response(rejection, toTag: toTag)
        if let product = configuration.product { response.headers.append(.server, product) }
        respond(transaction, response, now: now)
    }

    /// Moves what the transactions want done to our own list, and deals with what is for us.
    func takeTransactions(now: Instant) {
        // What is handled here may make more, which this same loop takes: the order stays.
        guard !isTaking else { return }
        isTaking = true
        defer { isTaking = false }
        while true {
            let taken = transactions.drainActions()
            guard !taken.isEmpty else { return }
            for action in taken { take(action, now: now) }
        }
    }
    private var isTaking = false

    private func take(_ action: TransactionLayer.Action, now: Instant) {
        switch action {
        case .send(let octets, let destination):
            actions.append(.send(octets, to: destination))
        case .request(let id, let request, let flow, let mergedWith):
            receive(request, id, on: flow, isMerged: mergedWith != nil, now: now)
        case .cancel(let id, let request, _, let invite):
            receiveCancel(request, id, of: invite, now: now)
        case .acknowledgement(let request, _, _):
            receiveAcknowledgement(request, now: now)
        case .unacknowledged:
            break
        case .undeliverable(let id):
            responseFailed(id, now: now)
        case .serverEnded(let id):
            serverEnded(id, now: now)
        case .response(let id, let response, let flow):
            receive(response, id, on: flow, now: now)
        case .failed(let id, let failure):
            requestFailed(id, failure, now: now)
        case .clientEnded(let id):
            clientEnded(id, now: now)
        case .strayResponse(let response, _):
            receiveStray(response, now: now)
        }
    }
}

extension UserAgentCore {
    /// Whose a server transaction is.
    enum Server {
        case session(SessionID, localTag: String)
        case request(RequestID)
        /// An INVITE that the core refused by itself.
        case refused(localTag: String)
    }

    /// A request that waits for the application.
    struct PendingRequest {
        var transaction: ServerTransactionID
        var request: Request
        var session: SessionID?
    }

    /// What a core has seen since it was made.
    package struct Statistics: Hashable, Sendable {
        package var sessions: UInt64 = 0
        package var refusedForOverload: UInt64 = 0
    }
}
