import Primitives
import SIP
import Testing

/// What a request gets before anyone looks at a dialog (RFC 3261 §8.2).
struct AdmissionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var method: String
        var extra = ""
        var body = ""
        var uri = "sip:music@pbx.example.com"
        /// Nil: the application is asked.
        var status: StatusCode?
        var header: HeaderName?
        var value: String?
    }

    static let cases: [Case] = [
        Case(
            testDescription: "known method that nobody serves", method: "REGISTER",
            status: 405, header: .allow,
            value: "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO"),
        Case(
            testDescription: "SUBSCRIBE", method: "SUBSCRIBE", extra: "Event: presence\n",
            status: 405, header: .allow),
        Case(
            testDescription: "unknown method", method: "FROBNICATE", status: 501, header: .allow),
        Case(
            testDescription: "method names are case-sensitive", method: "invite", status: 501),
        Case(
            testDescription: "unknown extension", method: "INVITE",
            extra: "Require: 100rel, sips-magic\n", status: 420, header: .unsupported,
            value: "sips-magic"),
        Case(
            testDescription: "Replaces when required is not understood", method: "INVITE",
            extra: "Require: replaces\nReplaces: x;to-tag=1;from-tag=2\n", status: 420,
            header: .unsupported, value: "replaces"),
        Case(
            testDescription: "known extensions", method: "INVITE",
            extra: Caller.sdp + "Require: 100REL, timer\n", body: Caller.offer),
        Case(
            testDescription: "Proxy-Require is for proxies", method: "INVITE",
            extra: Caller.sdp + "Proxy-Require: privacy\n", body: Caller.offer),
        Case(
            testDescription: "unknown body", method: "INVITE",
            extra: "Content-Type: application/unknownformat\n", body: "x", status: 415,
            header: .accept, value: "application/sdp, multipart/mixed"),
        Case(
            testDescription: "unknown body that may be passed over", method: "INVITE",
            extra:
                "Content-Type: application/x\nContent-Disposition: render;handling=optional\n",
            body: "x"),
        Case(
            testDescription: "body without Content-Type", method: "INVITE", body: Caller.offer,
            status: 415, header: .accept),
        Case(
            testDescription: "Content-Type in other letters and with parameters",
            method: "INVITE", extra: "c: Application/SDP; charset=utf-8\n", body: Caller.offer),
        Case(
            testDescription: "encoded body", method: "INVITE",
            extra: Caller.sdp + "Content-Encoding: gzip\n", body: "x", status: 415,
            header: .acceptEncoding, value: "identity"),
        Case(
            testDescription: "identity is no encoding", method: "INVITE",
            extra: Caller.sdp + "Content-Encoding: identity\n", body: Caller.offer),
        Case(
            testDescription: "Accept without what we have", method: "INVITE",
            extra: Caller.sdp + "Accept: text/plain\n", body: Caller.offer, status: 406),
        Case(
            testDescription: "Accept of nothing", method: "INVITE",
            extra: Caller.sdp + "Accept:\n", body: Caller.offer, status: 406),
        Case(
            testDescription: "Accept of a range", method: "INVITE",
            extra: Caller.sdp + "Accept: text/plain, application/*;q=0.1\n", body: Caller.offer),
        Case(
            testDescription: "another scheme", method: "INVITE", uri: "http://example.com",
            status: 416),
        Case(
            testDescription: "INVITE without Contact", method: "INVITE-NOCONTACT", status: 400),
        Case(
            testDescription: "Max-Forwards 0 is no matter to who is meant", method: "OPTIONS",
            extra: "", status: 200, header: .allow),
        Case(testDescription: "MESSAGE unasked for", method: "MESSAGE", status: 405),
        Case(testDescription: "BYE without dialog", method: "BYE", status: 481),
        Case(testDescription: "UPDATE without dialog", method: "UPDATE", status: 481),
        Case(testDescription: "INFO without dialog", method: "INFO", status: 481),
        Case(testDescription: "PRACK without dialog", method: "PRACK", status: 481),
        Case(
            testDescription: "malformed session timer", method: "INVITE",
            extra: Caller.sdp + "Session-Expires: soon\n", body: Caller.offer, status: 400),
    ]

    @Test(arguments: cases) func getsItsAnswer(_ row: Case) throws {
        let bench = Bench()
        var caller = Caller()
        caller.uri = row.uri
        var method = row.method
        if method == "INVITE-NOCONTACT" { method = "INVITE" }
        var text = caller.request(method, row.extra)
        if row.method == "INVITE-NOCONTACT" {
            text = text.replacing("Contact: \(caller.contact)\n", with: "")
        }
        bench.receive(
            text.replacing(
                "Max-Forwards: 70",
                with: method == "OPTIONS" ? "Max-Forwards: 0" : "Max-Forwards: 70"), body: row.body)
        guard let status = row.status else {
            #expect(bench.takeEvents().map(\.name) == ["invited"])
            #expect(bench.takeSent().isEmpty)
            return
        }
        let response = try #require(bench.takeResponses().first)
        #expect(response.status == status)
        #expect(try response.headers.to.tag?.hasPrefix("n1") == true)
        #expect(bench.takeEvents().isEmpty)
        if let header = row.header {
            #expect(response.headers.contains(header))
            if let value = row.value { #expect(response.headers[first: header] == value) }
        }
    }

    @Test func optionsSaysWhatIsTrue() throws {
        let bench = Bench { $0.applicationMethods = ["REFER"] }
        var caller = Caller()
        bench.receive(caller.request("OPTIONS", "Accept: application/sdp\n"))
        let ok = try #require(bench.takeResponses().first)
        #expect(
            try ok.headers.allow == [
                .invite, .ack, .cancel, .bye, .options, .prack, .update, .info, .refer,
            ])
        #expect(ok.headers[first: .accept] == "application/sdp, multipart/mixed")
        #expect(ok.headers[first: .acceptEncoding] == "identity")
        #expect(try ok.headers.supported == ["100rel", "timer"])
        #expect(ok.headers[first: .contact] == "<sip:music@192.0.2.10>")
    }

    /// A registrar or a messaging application sits on the same core.
    @Test func theApplicationServesItsMethods() throws {
        let bench = Bench { $0.applicationMethods = ["REGISTER", "OPTIONS"] }
        var caller = Caller()
        for method in ["REGISTER", "OPTIONS"] {
            bench.receive(caller.next(method))
            guard case .requested(let id, let request, _, in: nil)? = bench.takeEvents().first
            else {
                Issue.record("\(method) not given to the application")
                return
            }
            #expect(request.method.name == method)
            bench.perform { $0.respond(to: id, Rejection(.ok), now: $1) }
            #expect(bench.takeResponses().map(\.status) == [.ok])
        }
        #expect(bench.core.isIdle)
    }

    @Test func requestsThatTheApplicationLeavesAreForgotten() {
        let bench = Bench {
            $0.applicationMethods = ["MESSAGE"]
            $0.maximumRequests = 2
        }
        for number in 1...3 {
            var caller = Caller()
            caller.callID = "m\(number)"
            bench.receive(caller.request("MESSAGE"))
        }
        #expect(bench.takeEvents().count == 2)
        #expect(bench.takeResponses().map(\.status) == [.serviceUnavailable])
        bench.wait(64)
        #expect(bench.core.isIdle && bench.core.deadline == nil)
    }

    @Test func theContactIsTheUnicastAddressOfTheNode() throws {
        let bench = Bench {
            $0.points = [
                ListeningPoint(.udp, Bench.us.address, port: 5060, advertised: "203.0.113.200"),
                ListeningPoint(.tls, Bench.us.address, port: 5061),
            ]
        }
        var caller = Caller()
        bench.receive(caller.request("OPTIONS"))
        #expect(
            bench.takeResponses().first?.headers[first: .contact] == "<sip:music@203.0.113.200>")
        caller.uri = "sips:music@pbx.example.com"
        caller.transport = "TLS"
        bench.receive(
            caller.next("OPTIONS"), on: Bench.flow("198.51.100.21:50000", .tls, connection: 1))
        #expect(
            bench.takeResponses().first?.headers[first: .contact] == "<sips:music@192.0.2.10>")
    }

    static let multipart = """
        a preamble
        --b 1
        Content-Type: application/isup;version=itu-t92+
        DISPOSITION

        \u{1}\u{2}
        --b 1
        content-type:application/sdp

        v=0
        m=audio 40010 RTP/AVP 0

        --b 1--
        an epilogue
        """

    /// RFC 5621 §3.1: the session description may come with company.
    @Test(arguments: [
        ("multipart/mixed;boundary=\"b 1\"", "Content-Disposition: signal;handling=optional", true),
        ("multipart/mixed;boundary=\"b 1\"", "X-Y: z", true),
        ("Multipart/Alternative; boundary=\"b 1\"", "X-Y: z", true),
        (
            "multipart/mixed;boundary=\"b 1\"", "Content-Disposition: signal;handling=required",
            false
        ),
        ("multipart/mixed;boundary=\"b 2\"", "X-Y: z", false),
        ("multipart/mixed", "X-Y: z", false),
    ])
    func aSessionDescriptionAmongOtherParts(
        type: String, disposition: String, isAccepted: Bool
    ) throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(
            caller.request("INVITE", "Content-Type: \(type)\n"),
            body: Self.multipart.replacing("DISPOSITION", with: disposition))
        guard isAccepted else {
            #expect(bench.takeResponses().map(\.status) == [.unsupportedMediaType])
            return
        }
        guard case .invited(_, _, _, let offer)? = bench.takeEvents().first else {
            Issue.record("not invited")
            return
        }
        #expect(offer?.contentType == "application/sdp")
        #expect(offer?.bytes == Array("v=0\r\nm=audio 40010 RTP/AVP 0\r\n".utf8))
    }

    @Test func mutatedMultipartsDoNoHarm() {
        var random: UInt64 = 7
        func next(_ limit: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % limit
        }
        let whole = Array(Self.multipart.utf8)
        let type = TokenWithParameters("multipart/mixed;boundary=\"b 1\"")
        for _ in 0..<5000 {
            var octets = whole
            for _ in 0..<(1 + next(4)) {
                let place = next(octets.count)
                switch next(3) {
                case 0: octets[place] = [0, 10, 13, 45, 58, 255][next(6)]
                case 1: octets.removeSubrange(place..<min(octets.count, place + next(30)))
                default: octets.insert(contentsOf: octets.prefix(next(40)), at: place)
                }
                if octets.isEmpty { octets = whole }
            }
            if let type, let body = MultipartBody(octets, contentType: type) {
                #expect((1...32).contains(body.parts.count))
            }
        }
    }
}
