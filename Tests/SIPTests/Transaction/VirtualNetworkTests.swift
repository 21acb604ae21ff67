import Primitives
import SIP
import Testing

/// Two layers over a network that loses, doubles and reorders, in virtual time.
@Suite struct VirtualNetworkTests {
    /// What is under way.
    private struct Parcel {
        let at: Instant
        let octets: [UInt8]
        let toServer: Bool
    }

    private struct Network {
        let flow = Flow(
            transport: .udp, local: Exchange.here, remote: Exchange.there)
        let hop = Destination.hop(NextHop(transport: .udp, host: "peer"))
        var random: SeededRandom
        var parcels: [Parcel] = []
        var now = t0
        var client: TransactionLayer
        var server: TransactionLayer
        /// Responses that the server's user will give, and 2xx that it repeats until an ACK.
        var later: [(at: Instant, id: ServerTransactionID, request: Request, StatusCode)] = []
        var unacknowledged:
            [String: (at: Instant, gap: Interval, end: Instant, ServerTransactionID, Request)] = [:]

        /// How often the server's user saw each request, and the client's user each final response.
        var seen: [String: Int] = [:]
        var finals: [String: [StatusCode]] = [:]
        var names: [ClientTransactionID: String] = [:]
        var failed: [String] = []
        var acknowledged: Set<String> = []

        init(seed: UInt64) {
            random = SeededRandom(seed: seed)
            client = TransactionLayer(
                configuration: .init(identity: "c"), random: SeededRandom(seed: seed &+ 1))
            server = TransactionLayer(
                configuration: .init(identity: "s"), random: SeededRandom(seed: seed &+ 2))
        }

        mutating func post(_ octets: [UInt8], toServer: Bool) {
            let copies = chance(10) ? 0 : chance(15) ? 2 : 1
            for _ in 0..<copies {
                let delay = Int.random(in: 1...300, using: &random)
                parcels.append(
                    Parcel(at: now + .milliseconds(delay), octets: octets, toServer: toServer))
            }
        }

        mutating func chance(_ percent: Int) -> Bool {
            Int.random(in: 0..<100, using: &random) < percent
        }

        mutating func handleClient() {
            for action in client.drainActions() {
                switch action {
                case .send(let octets, _): post(octets, toServer: true)
                case .response(let id, let response, _):
                    guard response.status.isFinal, let name = names[id] else { continue }
                    finals[name, default: []].append(response.status)
                    guard response.status.isSuccess,
                        (try? response.headers.cseq)?.method == .invite
                    else { continue }
                    acknowledge(response, name)
                case .failed(let id, _):
                    if let name = names[id] { failed.append(name) }
                default: break
                }
            }
        }

        mutating func acknowledge(_ response: Response, _ name: String) {
            var headers = Headers()
            for field in [HeaderName.from, .to, .callID] {
                headers.append(field, response.headers[first: field] ?? "")
            }
            headers.append(.cseq, "1 ACK")
            let ack = Request(method: .ack, requestURI: URI(host: "peer"), headers: headers)
            _ = client.sendAcknowledgement(ack, to: hop, sentBy: SentBy("peer"))
        }

        mutating func handleServer() {
            for action in server.drainActions() {
                switch action {
                case .send(let octets, _): post(octets, toServer: false)
                case .request(let id, let request, _, _):
                    seen[request.headers.callID ?? "", default: 0] += 1
                    let delay = Int.random(in: 0...2000, using: &random)
                    let status: StatusCode = chance(50) ? .ok : .busyHere
                    later.append((now + .milliseconds(delay), id, request, status))
                case .acknowledgement(let ack, _, _):
                    acknowledged.insert(ack.headers.callID ?? "")
                    unacknowledged[ack.headers.callID ?? ""] = nil
                default: break
                }
            }
        }

        mutating func userOfServer() {
            for (at, id, request, status) in later where at <= now {
                server.respond(to: id, with: request.response(status, toTag: "t"), now: now)
                if request.method == .invite, status == .ok {
                    unacknowledged[request.headers.callID ?? ""] = (
                        now + .milliseconds(500), .milliseconds(500), now + .seconds(32), id,
                        request
                    )
                }
            }
            later.removeAll { $0.at <= now }
            for (name, entry) in unacknowledged.sorted(by: { $0.key < $1.key })
            where entry.at <= now {
                server.respond(to: entry.3, with: entry.4.response(.ok, toTag: "t"), now: now)
                let gap = min(entry.gap * 2, .seconds(4))
                unacknowledged[name] =
                    now < entry.end ? (now + gap, gap, entry.end, entry.3, entry.4) : nil
            }
        }

        var next: Instant? {
            let due =
                [client.deadline, server.deadline].compactMap { $0 }
                + parcels.map(\.at) + later.map(\.at) + unacknowledged.values.map(\.at)
            return due.min()
        }

        mutating func step() -> Bool {
            guard let next else { return false }
            now = max(now, next)
            let due = parcels.filter { $0.at <= now }.sorted { $0.at < $1.at }
            parcels.removeAll { $0.at <= now }
            for parcel in due {
                guard let message = try? Message(parsing: parcel.octets) else { continue }
                if parcel.toServer {
                    server.receive(message, on: flow, now: now)
                    handleServer()
                } else {
                    client.receive(message, on: flow, now: now)
                    handleClient()
                }
            }
            userOfServer()
            client.advance(to: now)
            server.advance(to: now)
            handleClient()
            handleServer()
            return true
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func eachRequestArrivesOnceAndIsAnswered(seed: UInt64) throws {
        var n = Network(seed: seed)
        let count = 60
        for i in 0..<count {
            let method: Method = i % 2 == 0 ? .invite : .options
            let text = Exchange.request(method, callID: "call-\(i)")
            guard case .request(var request) = try Message(parsing: Exchange.octets(text)) else {
                continue
            }
            request.headers.remove(.via)
            let id = n.client.send(request, to: n.hop, sentBy: SentBy("peer"), now: n.now)
            n.names[try #require(id)] = "call-\(i)"
            n.handleClient()
            let pause = n.now + .milliseconds(Int.random(in: 0...100, using: &n.random))
            while let next = n.next, next <= pause { _ = n.step() }
            n.now = max(n.now, pause)
        }
        var steps = 0
        while n.step(), steps < 100_000 { steps += 1 }
        #expect(n.failed == [])
        #expect(n.seen.count == count)
        #expect(n.seen.values.allSatisfy { $0 == 1 })
        for i in 0..<count {
            let finals = try #require(n.finals["call-\(i)"], "call-\(i) has no answer")
            let isAcceptedInvite = i % 2 == 0 && finals.first == .ok
            // A 2xx to an INVITE is told as often as it comes; anything else once.
            #expect(isAcceptedInvite ? Set(finals) == [.ok] : finals.count == 1)
            if isAcceptedInvite { #expect(n.acknowledged.contains("call-\(i)")) }
        }
        #expect(n.client.count == 0)
        #expect(n.server.count == 0)
        #expect(n.client.deadline == nil)
        #expect(n.server.deadline == nil)
    }
}
