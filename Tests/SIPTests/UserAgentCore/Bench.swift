import Primitives
import SIP
import Testing

/// A user agent core on a bench: virtual time, a seed, messages as text, all output kept.
final class Bench {
    static let us = Endpoint("192.0.2.10:5060") ?? Endpoint(.loopbackV4, port: 5060)

    let core: UserAgentCore
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    private var sent: [Sent] = []
    private var events: [UserAgentCore.Event] = []
    /// Performs commands for events as they come, as an application would.
    var application: ((UserAgentCore, UserAgentCore.Event, Instant) -> Void)?

    struct Sent {
        var message: Message
        var destination: Destination
        /// Seconds since the bench was made.
        var time: Double
    }

    init(seed: UInt64 = 1, _ change: (inout UserAgentCore.Configuration) -> Void = { _ in }) {
        let address = Bench.us.address
        var configuration = UserAgentCore.Configuration(
            identity: "n1",
            points: [
                ListeningPoint(.udp, address, port: 5060),
                ListeningPoint(.tcp, address, port: 5060),
            ])
        configuration.product = "bench"
        change(&configuration)
        var state = seed
        core = UserAgentCore(
            configuration: configuration,
            random: {
                state &+= 0x9e37_79b9_7f4a_7c15
                var z = state
                z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
                z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
                return z ^ (z >> 31)
            },
            // Not a real hash: DigestTests prove the real one.
            hash: { algorithm, octets in
                let sum = octets.reduce(0 as UInt8) { $0 &* 31 &+ $1 }
                return Array(repeating: sum, count: algorithm.length)
            })
    }

    /// Seconds since the bench was made.
    var time: Double { (now - Instant(nanoseconds: 1_000_000_000)).seconds }

    static func flow(
        _ remote: String = "198.51.100.21:5060", _ transport: TransportProtocol = .udp,
        connection: UInt64 = 0
    ) -> Flow {
        Flow(
            transport: transport, local: us,
            remote: Endpoint(remote) ?? Endpoint(.loopbackV4, port: 9), connection: connection)
    }

    /// Lines end in LF here; Content-Length is added unless it is there.
    func receive(_ text: String, body: String = "", on flow: Flow = Bench.flow()) {
        var head = text
        while head.hasSuffix("\n") { head.removeLast() }
        var body = body.replacing("\n", with: "\r\n")
        if !body.isEmpty, !body.hasSuffix("\r\n") { body += "\r\n" }
        var message = head.replacing("\n", with: "\r\n") + "\r\n"
        if !head.lowercased().contains("\ncontent-length") {
            message += "Content-Length: \(body.utf8.count)\r\n"
        }
        receive(octets: Array((message + "\r\n" + body).utf8), on: flow)
    }

    func receive(octets: [UInt8], on flow: Flow = Bench.flow()) {
        do {
            core.receive(try Message(parsing: octets), on: flow, now: now)
        } catch {
            Issue.record("not a message: \(error)")
        }
        drain()
    }

    func perform(_ command: (UserAgentCore, Instant) -> Void) {
        command(core, now)
        drain()
    }

    /// Lets time pass, waking the core at each of its deadlines.
    func wait(_ seconds: Double) {
        let end = now + Interval(nanoseconds: Int64(seconds * 1e9))
        var wakes = 0
        while let deadline = core.deadline, deadline <= end {
            now = max(now, deadline)
            core.advance(to: now)
            drain()
            wakes += 1
            guard wakes < 100_000 else {
                Issue.record("the core wakes without end")
                break
            }
        }
        now = end
        core.advance(to: now)
        drain()
    }

    /// What was sent since this was last asked.
    func takeSent() -> [Sent] {
        defer { sent = [] }
        return sent
    }

    func takeResponses() -> [Response] {
        takeSent().compactMap {
            if case .response(let response) = $0.message { response } else { nil }
        }
    }

    func takeRequests() -> [Request] {
        takeSent().compactMap {
            if case .request(let request) = $0.message { request } else { nil }
        }
    }

    func takeEvents() -> [UserAgentCore.Event] {
        defer { events = [] }
        return events
    }

    private func drain() {
        while true {
            let actions = core.drainActions()
            guard !actions.isEmpty else { return }
            for action in actions {
                switch action {
                case .send(let octets, let destination):
                    do {
                        sent.append(
                            Sent(
                                message: try Message(parsing: octets), destination: destination,
                                time: time))
                    } catch {
                        Issue.record("sent what is no message: \(error)")
                    }
                case .event(let event):
                    events.append(event)
                    application?(core, event, now)
                }
            }
        }
    }
}

extension UserAgentCore.Event {
    /// The case's name, for comparison.
    var name: String { String(String(describing: self).prefix { $0 != "(" }) }

    var session: SessionID? {
        switch self {
        case .invited(let id, _, _, _), .answered(let id, _), .progressed(let id, _, _),
            .accepted(let id, _, _), .offered(let id, _, _), .established(let id),
            .reoffered(let id, _, _),
            .offerWanted(let id, _), .offerAccepted(let id, _, _), .offerRejected(let id, _),
            .offerWithdrawn(let id), .offerUnanswered(let id), .refreshed(let id, _),
            .informed(let id, _), .ended(let id, _):
            id
        case .requested, .responded: nil
        }
    }

    /// The case's name of the cause, for `ended`.
    var cause: String? {
        guard case .ended(_, let cause) = self else { return nil }
        return String(String(describing: cause).prefix { $0 != "(" })
    }
}

extension Bench.Sent {
    var response: Response? {
        if case .response(let response) = message { response } else { nil }
    }
    var request: Request? { if case .request(let request) = message { request } else { nil } }
}
