import Primitives
import SIP

/// A layer, what it asked for, and the words to say to it.
struct Exchange {
    static let here = Endpoint(IPAddress(v4: 0xc000_0201), port: 5060)  // 192.0.2.1
    static let there = Endpoint(IPAddress(v4: 0xc633_641f), port: 50933)  // 198.51.100.31
    static let udp = Flow(transport: .udp, local: here, remote: there)
    static let tcp = Flow(transport: .tcp, local: here, remote: there, connection: 7)

    var layer: TransactionLayer
    var now = t0

    init(seed: UInt64 = 1, maximum: Int = 1000) {
        layer = TransactionLayer(
            configuration: .init(identity: "n1e1-", maximumTransactions: maximum),
            random: SeededRandom(seed: seed))
    }

    /// Lines end in CRLF; Content-Length and the empty line are added.
    mutating func receive(_ text: String, on flow: Flow = udp) -> [Seen] {
        receive(octets: Exchange.octets(text), on: flow)
    }

    mutating func receive(octets: [UInt8], on flow: Flow = udp) -> [Seen] {
        guard let message = try? Message(parsing: octets) else { return [] }
        layer.receive(message, on: flow, now: now)
        return drain()
    }

    /// Lets time pass, deadline by deadline.
    mutating func pass(_ milliseconds: Int) -> [Seen] {
        let end = now + .milliseconds(milliseconds)
        var seen: [Seen] = []
        while let due = layer.deadline, due <= end {
            now = due
            layer.advance(to: due)
            seen += drain()
        }
        now = end
        return seen
    }

    mutating func respond(
        _ id: ServerTransactionID, to request: Request, _ status: StatusCode, tag: String = "us"
    ) -> [Seen] {
        layer.respond(to: id, with: request.response(status, toTag: tag), now: now)
        return drain()
    }

    mutating func drain() -> [Seen] { layer.drainActions().map(Seen.init) }

    static func octets(_ text: String) -> [UInt8] {
        let lines = text.split(separator: "\n").map { $0 + "\r\n" }.joined()
        return Array((lines + "Content-Length: 0\r\n\r\n").utf8)
    }

    static func request(
        _ method: Method, branch: String = "z9hG4bKa", sentBy: String = "198.51.100.31:5060",
        callID: String = "c1", cseq: Int = 1, fromTag: String = "f", toTag: String? = nil,
        uri: String = "sip:mail@pbx.example.com", transport: String = "UDP", extra: String = ""
    ) -> String {
        let sequenceMethod = method
        let to = toTag.map { ";tag=\($0)" } ?? ""
        return """
            \(method) \(uri) SIP/2.0
            Via: SIP/2.0/\(transport) \(sentBy);branch=\(branch)
            Max-Forwards: 70
            From: <sip:202@pbx.example.com>;tag=\(fromTag)
            To: <\(uri)>\(to)
            Call-ID: \(callID)
            CSeq: \(cseq) \(sequenceMethod)
            \(extra)
            """
    }
}

/// An action in a form that can be looked at.
struct Seen {
    let action: TransactionLayer.Action
    init(_ action: TransactionLayer.Action) { self.action = action }

    /// What was sent, in short: `INVITE` or `486`.
    var sent: String? {
        guard case .send(let octets, _) = action else { return nil }
        switch try? Message(parsing: octets) {
        case .request(let request): return request.method.name
        case .response(let response): return response.status.description
        case nil: return "?"
        }
    }
    var octets: [UInt8]? {
        if case .send(let octets, _) = action { octets } else { nil }
    }
    var destination: Destination? {
        if case .send(_, let destination) = action { destination } else { nil }
    }
    var remote: String? {
        if case .flow(let flow) = destination { flow.remote.description } else { nil }
    }
    var message: Message? { octets.flatMap { try? Message(parsing: $0) } }

    /// Everything in short, for comparing whole lists.
    var text: String {
        switch action {
        case .send: "send \(sent ?? "?")"
        case .request(_, let request, _, let merged):
            "request \(request.method)\(merged == nil ? "" : " merged")"
        case .cancel(_, _, _, let invite): "cancel \(invite == nil ? "nothing" : "invite")"
        case .acknowledgement(_, _, let invite): "ack\(invite == nil ? "" : " invite")"
        case .unacknowledged: "unacknowledged"
        case .undeliverable: "undeliverable"
        case .serverEnded: "serverEnded"
        case .response(_, let response, _): "response \(response.status)"
        case .failed(_, let failure): "failed \(failure)"
        case .clientEnded: "clientEnded"
        case .strayResponse(let response, _): "stray \(response.status)"
        }
    }

    var request: (id: ServerTransactionID, request: Request)? {
        switch action {
        case .request(let id, let request, _, _), .cancel(let id, let request, _, _): (id, request)
        default: nil
        }
    }
}

extension [Seen] {
    var texts: [String] { map(\.text) }
    /// The first new request among them.
    var request: (id: ServerTransactionID, request: Request)? {
        lazy.compactMap(\.request).first
    }
    var sent: [String] { compactMap(\.sent) }
}
