import Glibc
import Primitives
import SIP

/// CPU nanoseconds of a non-INVITE transaction over UDP from beginning to end: for a server the
/// parsed request, its final response and 64*T1, with few and with many others alive; for a client
/// the request, its parsed response and timer K.
@main
struct SIPTransactions {
    static func main() {
        for alive in [0, 100, 1_000, 10_000, 100_000] {
            report("server, \(alive) others alive", (0..<5).map { _ in layer(alive: alive) })
        }
        report("server, state machine alone", (0..<5).map { _ in bareMachine() })
        report("client", (0..<5).map { _ in clientCycle() })
    }

    /// The least of several rounds: what disturbs only adds.
    static func report(_ work: String, _ rounds: [Int]) {
        print("{\"work\": \"\(work)\", \"cpuNanoseconds\": \(rounds.min() ?? 0)}")
    }

    static let flow = Flow(
        transport: .udp, local: Endpoint(IPAddress(v4: 0xc000_0201), port: 5060),
        remote: Endpoint(IPAddress(v4: 0xc633_641f), port: 5060))
    static let count = 20_000

    /// Requests that differ in what tells transactions apart, and 200 to each.
    static func messages(_ range: Range<Int>) -> [(Message, Response)] {
        range.compactMap { i in
            let text = """
                BYE sip:moh@192.0.2.1:5060 SIP/2.0\r
                Via: SIP/2.0/UDP 198.51.100.31:5060;branch=z9hG4bK-524287-1-\(i)\r
                Max-Forwards: 70\r
                From: "Bob" <sip:bob@example.com>;tag=1928301774\r
                To: <sip:moh@192.0.2.1>;tag=a6c85cf\r
                Call-ID: a84b4c76e66710-\(i)@pc33.example.com\r
                CSeq: 2 BYE\r
                Content-Length: 0\r
                \r

                """
            guard let message = try? Message(parsing: Array(text.utf8)),
                case .request(let request) = message
            else { return nil }
            return (message, request.response(.ok))
        }
    }

    static func layer(alive: Int) -> Int {
        var layer = TransactionLayer(
            configuration: .init(identity: "bench", maximumTransactions: 1_000_000),
            random: SystemRandomNumberGenerator())
        var now = Instant(nanoseconds: 1_000_000_000)
        var sent = 0
        func perform() {
            for action in layer.drainActions() {
                switch action {
                case .request(let id, let request, _, _):
                    layer.respond(to: id, with: request.response(.ok), now: now)
                case .send(let octets, _): sent += octets.count
                default: break
                }
            }
        }
        // They arrive in even steps over the 32 s that each of them lives.
        let step = Interval(nanoseconds: 32_000_000_000 / Int64(max(alive, 1)))
        let all = messages(0..<(alive + count))
        for (message, _) in all.prefix(alive) {
            layer.receive(message, on: flow, now: now)
            perform()
            perform()
            now = now + step
        }
        let start = cpu()
        for (message, response) in all.dropFirst(alive) {
            layer.receive(message, on: flow, now: now)
            for action in layer.drainActions() {
                if case .request(let id, _, _, _) = action {
                    layer.respond(to: id, with: response, now: now)
                }
            }
            perform()
            now = now + step
            layer.advance(to: now)
            perform()
        }
        let ns = (cpu() - start) / count
        precondition(sent > 0)
        return ns
    }

    static func bareMachine() -> Int {
        let timers = SIPTimers()
        var now = Instant(nanoseconds: 1_000_000_000)
        var ended = 0
        let start = cpu()
        for _ in 0..<count {
            var machine = NonInviteServerTransaction(reliable: false, timers: timers, now: now)
            if machine.respond(200, now: now), let deadline = machine.deadline {
                now = deadline
                if machine.advance(to: now) == .ended { ended += 1 }
            }
        }
        let ns = (cpu() - start) / count
        precondition(ended == count)
        return ns
    }

    static func clientCycle() -> Int {
        var layer = TransactionLayer(
            configuration: .init(identity: "bench"), random: SystemRandomNumberGenerator())
        var now = Instant(nanoseconds: 1_000_000_000)
        guard case (.request(var request), _)? = messages(0..<1).first else { return 0 }
        request.headers.remove(.via)
        let sentBy = SentBy("192.0.2.1", port: 5060)
        var told = 0
        var inside = 0
        for _ in 0..<count {
            let start = cpu()
            _ = layer.send(request, to: .flow(flow), sentBy: sentBy, now: now)
            let actions = layer.drainActions()
            inside += cpu() - start
            guard case .send(let octets, _)? = actions.first,
                case .request(let sent)? = try? Message(parsing: octets),
                let answer = try? Message(parsing: sent.response(.ok).serialised())
            else { continue }
            let middle = cpu()
            layer.receive(answer, on: flow, now: now)
            now = now + .seconds(5)
            layer.advance(to: now)
            for action in layer.drainActions() {
                if case .response = action { told += 1 }
            }
            inside += cpu() - middle
        }
        precondition(told == count)
        // Two readings of the clock are in it.
        return inside / count
    }

    static func cpu() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
