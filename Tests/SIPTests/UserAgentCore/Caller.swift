import SIP
import Testing

/// A phone that calls the bench: writes the requests of one call.
struct Caller {
    var callID = "c1@198.51.100.21"
    var tag = "them"
    var sequence = 1
    var uri = "sip:music@pbx.example.com"
    var contact = "<sip:201@198.51.100.21:5060>"
    var transport = "UDP"
    /// Of the core, once known.
    var remoteTag: String?
    var branch = 0

    static let offer = """
        v=0
        o=- 1 1 IN IP4 198.51.100.21
        s=-
        c=IN IP4 198.51.100.21
        t=0 0
        m=audio 40010 RTP/AVP 0
        """
    static let answer = MessageBody.sdp(Array("v=0\r\nours\r\n".utf8))
    static let sdp = "Content-Type: application/sdp\n"

    /// A request with the CSeq of the last one (or that given) and a branch of its own.
    /// - Parameter extra: more header lines, each ending in LF.
    mutating func request(_ method: String, _ extra: String = "", sequence: Int? = nil) -> String {
        branch += 1
        return same(method, extra, sequence: sequence)
    }

    /// The same with the branch of the last one: a retransmission, or CANCEL.
    func same(_ method: String, _ extra: String = "", sequence: Int? = nil) -> String {
        let to = remoteTag.map { ";tag=\($0)" } ?? ""
        return """
            \(method) \(uri) SIP/2.0
            Via: SIP/2.0/\(transport) 198.51.100.21:5060;branch=z9hG4bK\(callID)\(branch)
            From: <sip:201@example.com>;tag=\(tag)
            To: <sip:music@pbx.example.com>\(to)
            Call-ID: \(callID)
            CSeq: \(sequence ?? self.sequence) \(method)
            Max-Forwards: 70
            Contact: \(contact)

            """ + extra
    }

    /// A request with the next CSeq.
    mutating func next(_ method: String, _ extra: String = "") -> String {
        sequence += 1
        return request(method, extra)
    }

    /// Makes a call that stands; the bench's output so far is thrown away.
    mutating func establish(
        _ bench: Bench, _ extra: String = "", on flow: Flow = Bench.flow()
    ) throws -> SessionID {
        bench.receive(request("INVITE", Caller.sdp + extra), body: Caller.offer, on: flow)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        let ok = try #require(bench.takeResponses().last)
        #expect(ok.status == .ok)
        remoteTag = try ok.headers.to.tag
        bench.receive(request("ACK"), on: flow)
        #expect(bench.takeEvents().map(\.name) == ["established"])
        return id
    }
}
