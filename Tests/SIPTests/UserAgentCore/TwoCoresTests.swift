import Primitives
import SIP
import Testing

/// Two cores call each other over a network that loses, repeats and reorders.
struct TwoCoresTests {
    final class Network {
        var now = Instant(nanoseconds: 0)
        let cores: [UserAgentCore]
        let addresses: [IPAddress]
        private var random: UInt64
        private var onTheWay: [(at: Instant, order: Int, to: Int, octets: [UInt8], flow: Flow)] = []
        private var order = 0
        let loss: Double
        var application: (Int, UserAgentCore.Event) -> Void = { _, _ in }

        init(seed: UInt64, loss: Double) {
            random = seed
            self.loss = loss
            addresses = [IPAddress(v4: 0xc000_0201), IPAddress(v4: 0xc000_0202)]
            var state = seed &* 77
            cores = addresses.enumerated().map { index, address in
                var configuration = UserAgentCore.Configuration(
                    identity: "n\(index)", points: [ListeningPoint(.udp, address, port: 5060)])
                configuration.sessionTimer = .init(interval: 90)
                return UserAgentCore(
                    configuration: configuration,
                    random: {
                        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        return state ^ (state >> 29)
                    }, hash: { algorithm, _ in Array(repeating: 0, count: algorithm.length) })
            }
        }

        func chance() -> Double {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(random >> 11) / Double(1 << 53)
        }

        func drain() {
            var isMoving = true
            while isMoving {
                isMoving = false
                for (index, core) in cores.enumerated() {
                    for action in core.drainActions() {
                        isMoving = true
                        switch action {
                        case .send(let octets, let destination): send(octets, destination, index)
                        case .event(let event): application(index, event)
                        }
                    }
                }
            }
        }

        private func send(_ octets: [UInt8], _ destination: Destination, _ from: Int) {
            let target: IPAddress?
            switch destination {
            case .flow(let flow): target = flow.remote.address
            case .hop(let hop): target = IPAddress(hop.host)
            }
            guard let target, let to = addresses.firstIndex(of: target) else {
                Issue.record("sent to \(destination)")
                return
            }
            let flow = Flow(
                transport: .udp, local: Endpoint(addresses[to], port: 5060),
                remote: Endpoint(addresses[from], port: 5060))
            for _ in 0..<(chance() < 0.05 ? 2 : 1) where chance() >= loss {
                order += 1
                let delay = Interval.microseconds(Int(1_000 + chance() * chance() * 200_000))
                onTheWay.append((now + delay, order, to, octets, flow))
            }
        }

        func run(_ seconds: Double) {
            let end = now + Interval(nanoseconds: Int64(seconds * 1e9))
            while true {
                drain()
                let next = onTheWay.indices.min {
                    (onTheWay[$0].at, onTheWay[$0].order) < (onTheWay[$1].at, onTheWay[$1].order)
                }
                let message = next.map { onTheWay[$0].at }
                let wake = cores.compactMap(\.deadline).min()
                guard let at = [message, wake].compactMap({ $0 }).min(), at <= end else { break }
                now = max(now, at)
                if let next, message == at {
                    let packet = onTheWay.remove(at: next)
                    if let parsed = try? Message(parsing: packet.octets) {
                        cores[packet.to].receive(parsed, on: packet.flow, now: now)
                    }
                } else {
                    for core in cores { core.advance(to: now) }
                }
            }
            now = max(now, end)
            drain()
        }
    }

    /// What one side has heard of its sessions.
    final class Book {
        var ended: [SessionID: Int] = [:]
        var seen: Set<SessionID> = []
        var lateEvents = 0
        var answersOwed: [SessionID] = []

        func note(_ event: UserAgentCore.Event) {
            guard let id = event.session else { return }
            if ended[id] != nil { lateEvents += 1 }
            seen.insert(id)
            if event.cause != nil { ended[id, default: 0] += 1 }
        }
    }

    /// Whatever the network does: every session ends once, nothing is heard of it afterwards, and
    /// nothing is left in any table.
    @Test(arguments: 1...60)
    func everyCallEndsOnceAndLeavesNothing(seed: Int) throws {
        let network = Network(seed: UInt64(seed) &* 0x9e37_79b9, loss: seed % 3 == 0 ? 0 : 0.25)
        let books = [Book(), Book()]
        network.application = { side, event in
            let core = network.cores[side]
            let now = network.now
            books[side].note(event)
            switch event {
            case .invited(let id, _, _, _):
                switch Int(network.chance() * 10) {
                case 0: core.reject(id, Rejection(.busyHere), now: now)
                case 1...3:
                    core.progress(
                        id, .sessionProgress, body: Caller.answer, reliably: true, now: now)
                    core.accept(id, body: Caller.answer, now: now)
                case 4: core.progress(id, .ringing, now: now)
                default: core.accept(id, body: Caller.answer, now: now)
                }
            case .reoffered(let id, _, _), .offerWanted(let id, _), .offered(let id, _, _):
                switch Int(network.chance() * 4) {
                case 0: core.rejectOffer(id, Rejection(.notAcceptableHere), now: now)
                case 1: break
                default: core.acceptOffer(id, body: Caller.answer, now: now)
                }
            default: break
            }
        }
        var calls: [SessionID] = []
        for _ in 0..<12 {
            var call = OutgoingCall(
                to: URI(user: "moh", host: .address(network.addresses[1])),
                from: NameAddress(URI(user: "phone", host: .address(network.addresses[0]))),
                offer: network.chance() < 0.7 ? Caller.answer : nil)
            if network.chance() < 0.5 { call.sessionInterval = 90 }
            calls.append(network.cores[0].invite(call, now: network.now))
            network.run(network.chance() * 2)
        }
        for _ in 0..<60 {
            let side = network.chance() < 0.5 ? 0 : 1
            let live = books[side].seen.filter { books[side].ended[$0] == nil }
            guard let id = live.sorted(by: { $0.value < $1.value }).randomElement(using: network)
            else { continue }
            let core = network.cores[side]
            switch Int(network.chance() * 8) {
            case 0: core.end(id, now: network.now)
            case 1, 2: core.offer(id, Caller.answer, byUpdate: true, now: network.now)
            case 3: core.info(id, Caller.answer, now: network.now)
            case 4: core.cancel(id, now: network.now)
            case 5: core.requestOffer(id, now: network.now)
            default: core.offer(id, Caller.answer, now: network.now)
            }
            network.run(network.chance() * 20)
        }
        for (side, book) in books.enumerated() {
            for id in book.seen where book.ended[id] == nil {
                network.cores[side].end(id, now: network.now)
            }
        }
        for id in calls where books[0].ended[id] == nil {
            network.cores[0].end(id, now: network.now)
        }
        // Session timers, Expires and all that a lost BYE leaves.
        network.run(700)
        for (side, book) in books.enumerated() {
            #expect(book.ended.values.allSatisfy { $0 == 1 })
            #expect(book.lateEvents == 0)
            #expect(book.seen.allSatisfy { book.ended[$0] == 1 })
            #expect(network.cores[side].isIdle)
            #expect(network.cores[side].entryCount == 0)
            #expect(network.cores[side].deadline == nil)
        }
        #expect(calls.allSatisfy { books[0].ended[$0] == 1 })
    }
}

extension Array {
    fileprivate func randomElement(using network: TwoCoresTests.Network) -> Element? {
        isEmpty ? nil : self[Int(network.chance() * Double(count))]
    }
}
