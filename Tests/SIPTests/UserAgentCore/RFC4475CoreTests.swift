import SIP
import Testing

/// What the user agent makes of RFC 4475: the answers that form alone doesn't give.
struct RFC4475CoreTests {
    enum Outcome: Equatable, Sendable {
        /// The application is asked whether it takes the call.
        case invited
        case answered(StatusCode)
        case silence
    }

    static let outcomes: [(String, Outcome)] = [
        // Its To has a tag of no dialog here.
        ("wsinv", .answered(481)), ("intmeth", .answered(501)), ("esc01", .invited),
        ("escnull", .answered(405)), ("esc02", .answered(501)), ("lwsdisp", .answered(200)),
        ("longreq", .invited), ("dblreq", .answered(405)), ("semiuri", .answered(200)),
        ("transports", .answered(200)), ("mpart01", .answered(405)), ("unreason", .silence),
        ("noreason", .silence), ("badinv01", .answered(400)), ("clerr", .answered(400)),
        ("ncl", .answered(400)), ("scalar02", .answered(400)), ("scalarlg", .silence),
        ("quotbal", .answered(400)), ("ltgtruri", .answered(400)), ("lwsruri", .answered(400)),
        ("lwsstart", .answered(400)), ("trws", .answered(400)), ("escruri", .answered(400)),
        ("baddate", .invited), ("regbadct", .answered(400)), ("badaspec", .answered(400)),
        ("baddn", .answered(200)), ("badvers", .answered(505)), ("mismatch01", .answered(400)),
        ("mismatch02", .answered(400)), ("badbranch", .answered(200)), ("insuf", .answered(400)),
        ("unkscm", .answered(416)), ("novelsc", .answered(416)), ("unksm2", .answered(400)),
        ("bext01", .answered(420)), ("invut", .answered(415)), ("regaut01", .answered(405)),
        ("multi01", .answered(400)), ("mcl01", .answered(400)), ("bcast", .silence),
        ("zeromf", .answered(200)), ("cparam01", .answered(405)), ("cparam02", .answered(405)),
        ("regescrt", .answered(405)), ("sdp01", .answered(406)), ("inv2543", .invited),
    ]

    @Test(arguments: outcomes)
    func answersAsAUserAgent(name: String, expected: Outcome) throws {
        let bench = Bench()
        bench.receive(octets: try Vector(collection: "rfc4475", name: name).octets)
        let responses = bench.takeResponses()
        let events = bench.takeEvents().map(\.name)
        switch expected {
        case .invited: #expect(events == ["invited"] && responses.isEmpty)
        case .silence: #expect(events.isEmpty && responses.isEmpty)
        case .answered(let status):
            #expect(events.isEmpty)
            #expect(responses.map(\.status) == [status], "\(responses.first?.reason ?? "")")
        }
    }

    /// A status line with a code beyond three digits is no message: the transport drops it.
    @Test func everyVectorIsHere() {
        #expect(
            Set(Vector.all("rfc4475").map(\.name))
                == Set(Self.outcomes.map(\.0)).union(["bigcode"]))
    }

    @Test func theUnsupportedExtensionsAreNamed() throws {
        let bench = Bench()
        bench.receive(octets: try Vector(collection: "rfc4475", name: "bext01").octets)
        let response = try #require(bench.takeResponses().first)
        #expect(
            try response.headers.unsupported == [
                "nothingSupportsThis", "nothingSupportsThisEither",
            ])
    }

    /// RFC 4475 §3.4.1: an INVITE in RFC 2543's ways is taken, and matched without branch or tags.
    @Test func anInviteOfRFC2543MakesACall() throws {
        let bench = Bench()
        let octets = try Vector(collection: "rfc4475", name: "inv2543").octets
        bench.receive(octets: octets)
        guard case .invited(let id, let request, _, _)? = bench.takeEvents().first else {
            Issue.record("not invited")
            return
        }
        bench.receive(octets: octets)
        #expect(bench.takeEvents().isEmpty)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        let ok = try #require(bench.takeResponses().first)
        var ack = request
        ack.method = .ack
        ack.body = []
        ack.headers.remove(.contentType)
        ack.headers.set(.cseq, "56 ACK")
        ack.headers.set(.to, try #require(ok.headers[first: .to]))
        bench.receive(octets: ack.serialised())
        #expect(bench.takeEvents().map(\.name) == ["established"])
        bench.wait(60)
        #expect(bench.takeSent().isEmpty)
    }
}
