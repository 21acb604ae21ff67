package import Primitives

/// All transactions of one event loop: matches messages to them and lets time pass for them
/// (RFC 3261 §17, §18).
///
/// The contract of every call: it changes state, then the owner takes `drainActions()` and performs
/// them, then arms its timer by `deadline`. Time costs O(log n) in the number of transactions, all
/// else O(1).
///
/// Client transactions are told by ID and know nothing of server transactions, so a proxy may have
/// as many of them for one request as it likes.
package struct TransactionLayer {
    package struct Configuration: Sendable {
        /// Follows the cookie in every branch of ours: the node and its boot epoch, in token
        /// characters.
        package var identity: String
        package var timers: SIPTimers
        /// Above it new requests get 503; a quarter more is kept for what ends calls.
        package var maximumTransactions: Int
        /// Seconds, in Retry-After of that 503.
        package var retryAfter: Int
        /// INVITEs over UDP without ACK at a time from an address that has never sent an ACK, and
        /// from all such addresses; above it they get one 503 each.
        package var maximumUnproven: (perAddress: Int, total: Int)
        /// In octets; a longer request goes by TCP where it can (RFC 3261 §18.1.1).
        package var largestDatagram: Int

        package init(
            identity: String, timers: SIPTimers = SIPTimers(), maximumTransactions: Int = 100_000,
            retryAfter: Int = 10, maximumUnproven: (perAddress: Int, total: Int) = (.max, .max),
            largestDatagram: Int = 1300
        ) {
            self.identity = identity
            self.timers = timers
            self.maximumTransactions = maximumTransactions
            self.retryAfter = retryAfter
            self.maximumUnproven = maximumUnproven
            self.largestDatagram = largestDatagram
        }
    }

    let configuration: Configuration
    private let random: () -> UInt64

    var servers = SlotTable<ServerTransaction>()
    var clients = SlotTable<ClientTransaction>()
    /// Places in `servers` and `clients`.
    var serverPlaces: [ServerTransactionKey: Int] = [:]
    var mergedPlaces: [MergedRequestKey: Int] = [:]
    var clientPlaces: [ClientTransactionKey: Int] = [:]
    var sources: SourceProof
    private var deadlines = DeadlineHeap()
    private var destinations = DestinationIndex<Destination>()
    /// Clients alone, those over UDP to an address.
    var clientsByPeer = DestinationIndex<Endpoint>()
    /// Until then no ICMP message without proof is looked at.
    var nextDoubt = Instant(nanoseconds: .min)
    var actions: [Action] = []
    package internal(set) var statistics = TransactionStatistics()

    /// - Parameter random: 64 random bits a call, for branches; seeded in tests.
    package init(configuration: Configuration, random: @escaping () -> UInt64) {
        self.configuration = configuration
        self.random = random
        sources = SourceProof(
            perAddress: configuration.maximumUnproven.perAddress,
            total: configuration.maximumUnproven.total)
    }

    /// - Parameter random: for branches; seeded in tests.
    package init(configuration: Configuration, random: some RandomNumberGenerator) {
        var random = random
        self.init(configuration: configuration, random: { random.next() })
    }

    /// How many transactions there are.
    package var count: Int { servers.count + clients.count }

    // MARK: The run loop

    package mutating func receive(_ message: Message, on flow: Flow, now: Instant) {
        switch message {
        case .request(let request): receive(request, on: flow, now: now)
        case .response(let response): receive(response, on: flow, now: now)
        }
    }

    /// A send to this destination failed, or its connection broke. What ICMP says is for
    /// `undelivered`.
    package mutating func transportFailed(_ destination: Destination, now: Instant) {
        for key in destinations.keys(of: destination) {
            if key & 1 == 0 {
                serverTransportFailed(at: key >> 1, now: now)
            } else {
                clientTransportFailed(at: key >> 1, now: now)
            }
        }
    }

    /// When `advance(to:)` is next due; nil when nothing waits.
    package var deadline: Instant? { deadlines.first?.deadline }

    package mutating func advance(to now: Instant) {
        while let (key, deadline) = deadlines.first, deadline <= now {
            if key & 1 == 0 {
                advanceServer(at: key >> 1, to: now)
            } else {
                advanceClient(at: key >> 1, to: now)
            }
        }
    }

    /// Takes everything that is to be done, in order.
    package mutating func drainActions() -> [Action] {
        var drained: [Action] = []
        swap(&drained, &actions)
        return drained
    }

    // MARK: Shared by both sides

    /// A branch that nobody can guess and that says whose it is.
    package func makeBranch() -> String {
        let digits = String(random(), radix: 16)
        return "z9hG4bK" + configuration.identity
            + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    enum Side: Int {
        case server = 0
        case client = 1
    }

    // Servers have the even keys of the shared tables, clients the odd ones.

    mutating func setDeadline(_ deadline: Instant?, _ side: Side, at place: Int) {
        deadlines.set(deadline, for: place << 1 | side.rawValue)
    }

    mutating func link(_ side: Side, at place: Int, to destination: Destination) {
        destinations.add(place << 1 | side.rawValue, to: destination)
        if side == .client, let peer = destination.datagramPeer {
            clientsByPeer.add(place, to: peer)
        }
    }

    mutating func unlink(_ side: Side, at place: Int, from destination: Destination) {
        destinations.remove(place << 1 | side.rawValue, from: destination)
        if side == .client, let peer = destination.datagramPeer {
            clientsByPeer.remove(place, from: peer)
        }
    }

    /// Where in `clients` are those that send to a destination.
    func clientPlaces(of destination: Destination) -> [Int] {
        destinations.keys(of: destination).filter { $0 & 1 == Side.client.rawValue }.map { $0 >> 1 }
    }
}
