package import Primitives
package import Spool

/// What is delivered next, and by which relay: time goes in, work comes out; it reads no file.
///
/// A message waits for its time (``DueHeap``), then for its turn among the users (``FairRing``),
/// then for a relay that is worth trying and has a connection free. A relay that can't be spoken
/// with delays no message's own next attempt: all go on when it is back. While none can be spoken
/// with, a message that is too old becomes work without a relay, so that it is given up in time.
///
/// Run loop: change, take ``next(at:)`` until it gives nil, wait until ``deadline``.
package struct DeliveryQueue: Sendable {
    /// What a message waits for.
    package enum Need: Sendable, Equatable {
        /// Any relay.
        case relay
        /// Nothing: a Maildir or a webhook.
        case nothing
        /// A command that writes down what was said.
        case transcript
    }

    package struct Work: Sendable, Equatable {
        package var id: MessageIdentifier
        /// Index in the order of ``init(relays:)``; nil when none is needed.
        package var relay: Int?
        /// What was said is to be written down, and nothing delivered.
        package var isTranscript = false
        /// Since when the message could be worked on.
        package var due: WallClockTime
    }

    private enum State { case free, deferred, ready, running, again, gone }

    private struct Slot {
        var id: MessageIdentifier
        var owner: Int32
        var state: State
        var need: Need
        var life: UInt32
        /// When the message came to the queue.
        var queued: WallClockTime
        var due: WallClockTime
        /// Its ``life`` when it took this place: that of its entry in ``expiring``.
        var birth: UInt32 = 0
        /// Its time to be given up came while it was being delivered.
        var isOverdue = false
    }

    private struct Relay {
        var limit: Int
        var priority: Int
        var running = 0
        var breaker = CircuitBreaker()
    }

    private var slots: [Slot] = []
    private var unused: [Int32] = []
    private var index: [MessageIdentifier: Int32] = [:]
    private var owners: [String: Int32] = [:]
    /// Messages of each owner.
    private var counts: [Int] = []
    private var deferred = DueHeap()
    /// All messages, by the time at which they are given up where no relay can be spoken with.
    private var expiring = DueHeap()
    private let givesUpAfter: Interval
    private var forRelays = FairRing()
    private var forOthers = FairRing()
    private var forTranscripts = FairRing()
    private var relays: [Relay]
    private var runningOthers = 0
    private let otherLimit: Int
    private var runningTranscripts = 0
    private let transcriptLimit: Int

    /// - Parameters:
    ///   - relays: connections at once and priority of each.
    ///   - others: deliveries without a relay at once.
    ///   - transcripts: commands that write down what was said at once.
    ///   - givesUpAfter: age of a message that no longer waits for a relay.
    package init(
        relays: [(connections: Int, priority: Int)], others: Int = 2, transcripts: Int = 1,
        givesUpAfter: Interval = .seconds(5 * 86_400)
    ) {
        self.givesUpAfter = givesUpAfter
        self.relays = relays.map { Relay(limit: $0.connections, priority: $0.priority) }
        otherLimit = others
        transcriptLimit = transcripts
    }

    package var count: Int { index.count }

    /// Messages of one user.
    package func count(of user: String) -> Int { owners[user].map { counts[Int($0)] } ?? 0 }

    package func contains(_ id: MessageIdentifier) -> Bool { index[id] != nil }

    /// Puts a message in, or gives one that is in a new time. One that is being delivered is looked
    /// at again when that is over.
    package mutating func add(
        _ id: MessageIdentifier, user: String, need: Need, queued: WallClockTime,
        due: WallClockTime
    ) {
        if let slot = index[id] {
            switch slots[Int(slot)].state {
            case .running, .again:
                slots[Int(slot)].state = .again
                return
            case .ready where need == slots[Int(slot)].need:
                return
            default:
                // Its old place in heap or ring is passed over when it is come to.
                forget(slot)
            }
        }
        let owner = owners[user] ?? Int32(owners.count)
        if owner == counts.count { counts.append(0) }
        owners[user] = owner
        let slot = place(
            Slot(
                id: id, owner: owner, state: .deferred, need: need, life: 0, queued: queued,
                due: due))
        deferred.insert(slot, life: slots[Int(slot)].life, due: due)
        expiring.insert(slot, life: slots[Int(slot)].birth, due: queued + givesUpAfter)
    }

    private mutating func place(_ message: Slot) -> Int32 {
        let slot = unused.popLast() ?? Int32(slots.count)
        let life = Int(slot) < slots.count ? slots[Int(slot)].life &+ 1 : 0
        if Int(slot) == slots.count { slots.append(message) }
        slots[Int(slot)] = message
        slots[Int(slot)].life = life
        slots[Int(slot)].birth = life
        index[message.id] = slot
        counts[Int(message.owner)] += 1
        return slot
    }

    /// Takes a message out that was held, deleted or moved by another.
    package mutating func remove(_ id: MessageIdentifier) {
        guard let slot = index[id] else { return }
        switch slots[Int(slot)].state {
        case .running, .again: return
        default: forget(slot)
        }
    }

    private mutating func forget(_ slot: Int32) {
        index[slots[Int(slot)].id] = nil
        counts[Int(slots[Int(slot)].owner)] -= 1
        if slots[Int(slot)].state == .ready {
            // It stands in a ring, which gives the slot back.
            slots[Int(slot)].state = .gone
        } else {
            release(slot)
        }
    }

    private mutating func release(_ slot: Int32) {
        slots[Int(slot)].state = .free
        slots[Int(slot)].life &+= 1
        unused.append(slot)
    }

    // MARK: Work

    /// When ``next(at:)`` may give something, if nothing else happens; nil: never.
    package var deadline: WallClockTime? {
        var earliest = deferred.first?.due
        if isWithoutRelay, let first = expiring.first?.due {
            earliest = min(earliest ?? first, first)
        }
        if !forRelays.isEmpty {
            for relay in relays where relay.running < relay.limit {
                guard let opens = relay.breaker.opens else { continue }
                earliest = min(earliest ?? opens, opens)
            }
        }
        return earliest
    }

    /// The next delivery to begin; to be answered by ``finished(_:relay:retry:)``.
    package mutating func next(at now: WallClockTime) -> Work? {
        admit(at: now)
        if isWithoutRelay { expire(at: now) }
        if runningTranscripts < transcriptLimit, let slot = take(.transcript) {
            runningTranscripts += 1
            let message = slots[Int(slot)]
            return Work(id: message.id, relay: nil, isTranscript: true, due: message.due)
        }
        if runningOthers < otherLimit, let slot = take(.nothing) {
            runningOthers += 1
            return Work(id: slots[Int(slot)].id, relay: nil, due: slots[Int(slot)].due)
        }
        guard let relay = freeRelay(at: now), let slot = take(.relay) else { return nil }
        relays[relay].running += 1
        relays[relay].breaker.begin()
        return Work(id: slots[Int(slot)].id, relay: relay, due: slots[Int(slot)].due)
    }

    private mutating func admit(at now: WallClockTime) {
        while let first = deferred.first, first.due <= now {
            deferred.removeFirst()
            let slot = Int(first.slot)
            guard slots[slot].life == first.life, slots[slot].state == .deferred else { continue }
            slots[slot].state = .ready
            switch slots[slot].need {
            case .transcript: forTranscripts.append(first.slot, of: slots[slot].owner)
            case .relay where !relays.isEmpty:
                forRelays.append(first.slot, of: slots[slot].owner)
            case .relay, .nothing: forOthers.append(first.slot, of: slots[slot].owner)
            }
        }
    }

    /// Whether no relay can be spoken with, as far as is known.
    private var isWithoutRelay: Bool {
        !relays.isEmpty && relays.allSatisfy { !$0.breaker.isClosed }
    }

    /// What is too old waits for a relay no longer.
    private mutating func expire(at now: WallClockTime) {
        while let first = expiring.first, first.due <= now {
            expiring.removeFirst()
            var message = slots[Int(first.slot)]
            guard message.birth == first.life else { continue }
            switch message.state {
            case .free, .gone: break
            case .running, .again: slots[Int(first.slot)].isOverdue = true
            case .deferred, .ready:
                // In another slot, since its place in the other ring or the heap stays behind.
                forget(first.slot)
                message.state = .ready
                forOthers.append(place(message), of: message.owner)
            }
        }
    }

    private mutating func take(_ need: Need) -> Int32? {
        while let slot = takeSlot(need) {
            if slots[Int(slot)].state == .ready {
                slots[Int(slot)].state = .running
                return slot
            }
            release(slot)
        }
        return nil
    }

    private mutating func takeSlot(_ need: Need) -> Int32? {
        switch need {
        case .relay: forRelays.take()
        case .nothing: forOthers.take()
        case .transcript: forTranscripts.take()
        }
    }

    /// Of those with the lowest priority, the one with the fewest connections.
    private func freeRelay(at now: WallClockTime) -> Int? {
        relays.indices
            .filter { relays[$0].running < relays[$0].limit }
            .filter { relays[$0].breaker.permits(at: now) }
            .min {
                (relays[$0].priority, relays[$0].running) < (
                    relays[$1].priority, relays[$1].running
                )
            }
    }

    /// A delivery is over.
    /// - Parameter retry: when the next is due; nil when the message has left the queue.
    /// - Returns: whether the message was changed by another meanwhile, and is to be read and added
    ///   again.
    @discardableResult
    package mutating func finished(
        _ work: Work, retry: (due: WallClockTime, need: Need)?
    ) -> Bool {
        if let relay = work.relay {
            relays[relay].running -= 1
        } else if work.isTranscript {
            runningTranscripts -= 1
        } else {
            runningOthers -= 1
        }
        guard let slot = index[work.id] else { return false }
        let wasChanged = slots[Int(slot)].state == .again
        guard let retry, !wasChanged else {
            slots[Int(slot)].state = .deferred
            forget(slot)
            return wasChanged
        }
        if slots[Int(slot)].isOverdue {
            slots[Int(slot)].isOverdue = false
            expiring.insert(
                slot, life: slots[Int(slot)].birth, due: slots[Int(slot)].queued + givesUpAfter)
        }
        slots[Int(slot)].state = .deferred
        slots[Int(slot)].need = retry.need
        slots[Int(slot)].due = retry.due
        slots[Int(slot)].life &+= 1
        deferred.insert(slot, life: slots[Int(slot)].life, due: retry.due)
        return false
    }

    // MARK: Relays

    package enum RelayResult: Sendable, Equatable {
        /// It spoke with us as it should, whatever it said of the message.
        case served
        /// It broke off in the middle of a message.
        case stumbled
        /// It could not be reached, or takes nothing from us.
        case failed
        /// Nothing was said to it.
        case untried
    }

    package mutating func relay(
        _ relay: Int, _ result: RelayResult, at now: WallClockTime, jitter: Double
    ) {
        switch result {
        case .served: relays[relay].breaker.succeeded()
        case .stumbled: relays[relay].breaker.stumbled(at: now, jitter: jitter)
        case .failed: relays[relay].breaker.failed(at: now, jitter: jitter)
        case .untried: relays[relay].breaker.withdrawn(at: now)
        }
    }

    /// Until when the relay is left alone; nil when it isn't.
    package func relayOpens(_ relay: Int) -> WallClockTime? { relays[relay].breaker.opens }

    /// When some relay is worth trying again, if none is now.
    package func relaysOpen(at now: WallClockTime) -> WallClockTime? {
        guard !relays.contains(where: { $0.breaker.permits(at: now) }) else { return nil }
        return relays.compactMap(\.breaker.opens).min()
    }

    /// The time at which the oldest message came to the queue. O(n), for health's sake.
    package var oldest: WallClockTime? {
        slots.lazy.filter { $0.state != .free && $0.state != .gone }.map(\.queued).min()
    }
}
