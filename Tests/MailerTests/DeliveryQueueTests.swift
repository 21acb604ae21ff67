import Mailer
import Primitives
import Spool
import Testing

@Suite struct DeliveryQueueTests {
    private func time(_ seconds: Double) -> WallClockTime {
        WallClockTime(nanoseconds: Int64(seconds * 1e9))
    }

    private func id(_ number: Int) -> MessageIdentifier {
        MessageIdentifier(at: time(0), node: "n", random: UInt64(number))
    }

    /// `#expect` can't change a value, so the queue under test stands in an object.
    private final class Subject {
        var queue: DeliveryQueue

        init(_ connections: [Int]) {
            queue = DeliveryQueue(
                relays: connections.enumerated().map { (connections: $1, priority: $0) })
        }

        func next(at now: WallClockTime) -> DeliveryQueue.Work? { queue.next(at: now) }

        @discardableResult
        func finished(
            _ work: DeliveryQueue.Work, _ retry: (WallClockTime, DeliveryQueue.Need)?
        ) -> Bool {
            queue.finished(work, retry: retry.map { (due: $0.0, need: $0.1) })
        }

        func relay(
            _ relay: Int, _ result: DeliveryQueue.RelayResult, at now: WallClockTime
        ) {
            queue.relay(relay, result, at: now, jitter: 0)
        }
    }

    private func queue(_ connections: Int...) -> Subject { Subject(connections) }

    private func add(
        _ number: Int, user: String = "alice", need: DeliveryQueue.Need = .relay,
        due: Double = 0, to subject: Subject
    ) {
        subject.queue.add(id(number), user: user, need: need, queued: time(0), due: time(due))
    }

    @Test func nothingBeforeItsTime() {
        let queue = queue(1)
        add(1, due: 30, to: queue)
        #expect(queue.next(at: time(29)) == nil)
        #expect(queue.queue.deadline == time(30))
        #expect(queue.next(at: time(30))?.id == id(1))
        #expect(queue.next(at: time(99)) == nil)
    }

    @Test func aUserWithOneMessageDoesNotWaitForOneWithAThousand() throws {
        let queue = queue(1)
        for number in 0..<1000 { add(number, to: queue) }
        add(5000, user: "bob", to: queue)
        var turns = 0
        while let work = queue.next(at: time(1)) {
            turns += 1
            queue.finished(work, nil)
            if work.id == id(5000) { break }
        }
        #expect(turns <= 2)
        #expect(queue.queue.count == 1001 - turns)
    }

    @Test func asManyAtOnceAsThereAreConnections() {
        let queue = queue(2, 1)
        for number in 0..<5 { add(number, to: queue) }
        #expect(queue.next(at: time(1))?.relay == 0)
        #expect(queue.next(at: time(1))?.relay == 0)
        #expect(queue.next(at: time(1))?.relay == 1)
        #expect(queue.next(at: time(1)) == nil)
    }

    @Test func aFailedRelayIsLeftAloneAndTheNextIsTaken() throws {
        let queue = queue(1, 1)
        add(1, to: queue)
        add(2, to: queue)
        let first = try #require(queue.next(at: time(1)))
        #expect(first.relay == 0)
        queue.relay(0, .failed, at: time(1))
        queue.finished(first, (time(1), .relay))
        // Both go by the other, at once.
        for _ in 0..<2 {
            let work = try #require(queue.next(at: time(1)))
            #expect(work.relay == 1)
            queue.relay(1, .served, at: time(1))
            queue.finished(work, nil)
        }
        // The first is tried again, by one message alone, after its wait.
        add(3, to: queue)
        add(4, to: queue)
        #expect(queue.next(at: time(2))?.relay == 1)
        #expect(queue.next(at: time(2)) == nil)
        #expect(queue.queue.deadline == time(6))
        let probe = try #require(queue.next(at: time(6)))
        #expect(probe.relay == 0)
        queue.relay(0, .failed, at: time(6))
        queue.finished(probe, (time(6), .relay))
        #expect(queue.queue.relayOpens(0) == time(16))
    }

    @Test func whatIsTooOldWaitsForNoRelayThatIsAway() throws {
        let subject = queue(1)
        subject.queue = DeliveryQueue(relays: [(1, 0)], others: 3, givesUpAfter: .seconds(100))
        for number in 1...3 { add(number, due: number == 2 ? 3600 : 0, to: subject) }
        // At its age and with a relay that was never seen away, it is tried.
        let first = try #require(subject.next(at: time(100)))
        #expect(first.relay == 0)
        #expect(subject.next(at: time(100)) == nil)
        subject.relay(0, .failed, at: time(100))
        // In the ring, before its next attempt, and in a delivery meanwhile: all three come.
        var given = [subject.next(at: time(100)), subject.next(at: time(100))]
        #expect(subject.next(at: time(100)) == nil)
        subject.finished(first, (time(101), .relay))
        given.append(subject.next(at: time(100)))
        #expect(given.map { $0?.relay } == [nil, nil, nil])
        #expect(Set(given.compactMap { $0?.id }) == [id(1), id(2), id(3)])
        // The reports wait, once and for all, for the relay.
        for work in given.compactMap(\.self) { subject.finished(work, (time(100), .relay)) }
        #expect(subject.next(at: time(101)) == nil)
        #expect(subject.queue.deadline == time(105))
        #expect(subject.next(at: time(105))?.relay == 0)
        #expect(subject.queue.count == 3)
    }

    @Test func aYoungMessageWaitsForItsRelay() throws {
        let subject = queue(1)
        subject.queue = DeliveryQueue(relays: [(1, 0)], givesUpAfter: .seconds(200))
        add(1, to: subject)
        let work = try #require(subject.next(at: time(1)))
        subject.relay(0, .failed, at: time(1))
        subject.finished(work, (time(1), .relay))
        #expect(subject.next(at: time(2)) == nil)
        #expect(subject.queue.deadline == time(6))
    }

    @Test func aRelayThatWasNotSpokenWithIsStillToBeProbed() throws {
        let queue = queue(1)
        add(1, to: queue)
        let work = try #require(queue.next(at: time(0)))
        queue.relay(0, .failed, at: time(0))
        queue.finished(work, (time(0), .relay))
        let probe = try #require(queue.next(at: time(5)))
        queue.relay(0, .untried, at: time(5))
        queue.finished(probe, nil)
        add(2, to: queue)
        #expect(queue.next(at: time(5))?.id == id(2))
    }

    @Test func aMessageThatWasChangedMeanwhileIsReadAgain() throws {
        let queue = queue(1)
        add(1, to: queue)
        let work = try #require(queue.next(at: time(0)))
        add(1, to: queue)
        #expect(queue.finished(work, (time(30), .relay)))
        #expect(queue.queue.count == 0)
        #expect(queue.next(at: time(99)) == nil)
    }

    @Test func aNewTimeTakesThePlaceOfTheOld() {
        let queue = queue(4)
        add(1, due: 3600, to: queue)
        add(1, due: 10, to: queue)
        #expect(queue.queue.count == 1)
        #expect(queue.next(at: time(10))?.id == id(1))
        #expect(queue.next(at: time(4000)) == nil)
    }

    @Test func whatIsRemovedIsNotDelivered() {
        let queue = queue(4)
        add(1, to: queue)
        add(2, due: 10, to: queue)
        add(3, to: queue)
        queue.queue.remove(id(2))
        #expect(queue.next(at: time(1))?.id == id(1))
        queue.queue.remove(id(3))
        #expect(queue.next(at: time(100)) == nil)
        #expect(queue.queue.count == 1)
    }

    @Test func whatNeedsNoRelayDoesNotWaitForOne() throws {
        let queue = queue(1)
        add(1, to: queue)
        add(2, need: .nothing, to: queue)
        let first = try #require(queue.next(at: time(0)))
        let second = try #require(queue.next(at: time(0)))
        #expect(Set([first.relay, second.relay]) == [0, nil])
        #expect(first.id != second.id)
    }

    /// Against a plain model: nothing is lost, doubled or early, whatever is done in which order.
    @Test(arguments: 0..<20) func agreesWithAModel(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        let queue = queue(2, 2)
        var waiting: [Int: Double] = [:]
        var running: [(work: DeliveryQueue.Work, number: Int)] = []
        var now = 0.0
        for step in 0..<3000 {
            now += Double.random(in: 0...1, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                let due = now + Double.random(in: -5...20, using: &random)
                add(step, user: "u\(step % 7)", due: due, to: queue)
                waiting[step] = due
            case 2:
                if let number = waiting.keys.randomElement(using: &random) {
                    queue.queue.remove(id(number))
                    waiting[number] = nil
                }
            case 3, 4:
                if let work = queue.next(at: time(now)) {
                    let number = waiting.first { id($0.key) == work.id }
                    #expect(number != nil)
                    #expect(number?.value ?? 0 <= now + 1e-6)
                    if let number { waiting[number.key] = nil }
                    running.append((work, number?.key ?? -1))
                } else if running.count < 4 {
                    #expect(!waiting.values.contains { $0 < now - 1e-6 })
                }
            default:
                guard !running.isEmpty else { continue }
                let (work, number) = running.removeFirst()
                if let relay = work.relay { queue.relay(relay, .served, at: time(now)) }
                let again = Bool.random(using: &random)
                queue.finished(work, again ? (time(now + 3), .relay) : nil)
                if again { waiting[number] = now + 3 }
            }
            #expect(queue.queue.count == waiting.count + running.count)
        }
    }
}

struct SplitMix: RandomNumberGenerator {
    var seed: UInt64
    mutating func next() -> UInt64 {
        seed &+= 0x9E37_79B9_7F4A_7C15
        var z = seed
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct BackOffTests {
    @Test(arguments: [
        (1, 30.0), (2, 60), (3, 120), (7, 1920), (8, 3600), (9, 3600), (1000, 3600),
    ]) func doublesUpToItsMaximum(_ row: (attempts: Int, seconds: Double)) {
        let backOff = BackOff()
        #expect(abs(backOff.wait(after: row.attempts, jitter: 0.5).seconds - row.seconds) < 0.001)
        let least = backOff.wait(after: row.attempts, jitter: 0).seconds
        let most = backOff.wait(after: row.attempts, jitter: 1).seconds
        #expect(abs(least - 0.75 * row.seconds) < 0.001)
        #expect(abs(most - 1.25 * row.seconds) < 0.001)
    }
}

@Suite struct CircuitBreakerTests {
    private func time(_ seconds: Int) -> WallClockTime {
        WallClockTime(nanoseconds: Int64(seconds) * 1_000_000_000)
    }

    @Test func opensLongerEachTimeUpToItsLimit() {
        var breaker = CircuitBreaker()
        var now = time(0)
        var waits: [Double] = []
        for _ in 0..<9 {
            breaker.begin()
            breaker.failed(at: now, jitter: 0)
            let opens = breaker.opens ?? now
            waits.append(Double(opens.nanoseconds - now.nanoseconds) / 1e9)
            #expect(!breaker.permits(at: now))
            now = opens
            #expect(breaker.permits(at: now))
        }
        #expect(waits == [5, 10, 20, 40, 80, 160, 300, 300, 300])
        breaker.begin()
        #expect(!breaker.permits(at: now))
        breaker.succeeded()
        #expect(breaker.isClosed)
    }

    @Test func toleratesAMailThatBreaksOff() {
        var breaker = CircuitBreaker()
        for _ in 0..<4 { breaker.stumbled(at: time(0), jitter: 0) }
        #expect(breaker.isClosed)
        breaker.succeeded()
        for _ in 0..<5 { breaker.stumbled(at: time(0), jitter: 0) }
        #expect(breaker.opens == time(5))
    }
}
