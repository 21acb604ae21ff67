import SIP
import Testing

/// What RFC 3261 answers to a request for its form.
@Suite struct DefectTests {
    @Test func findsNothingWrong() throws {
        #expect(try options().defect() == nil)
    }

    @Test(arguments: [HeaderName.via, .from, .to, .callID, .cseq])
    func missesWhatMustBeThere(name: HeaderName) throws {
        #expect(
            try options(without: name).defect() == Rejection(.badRequest, reason: "Missing \(name)")
        )
    }

    /// Its absence is RFC 2543's way.
    @Test func toleratesNoMaxForwards() throws {
        #expect(try options(without: .maxForwards).defect() == nil)
    }

    @Test(arguments: [
        ("From: <sip:b@example.com>;tag=1", "Repeated From"),
        ("f: <sip:b@example.com>;tag=1", "Repeated From"),
        ("i: again", "Repeated Call-ID"), ("l: 0", "Repeated Content-Length"),
        ("Expires: 1\nExpires: 1", "Repeated Expires"),
        ("Expires: 4294967296", "Expires Out of Range"), ("Expires: -1", "Malformed Expires"),
        ("Contact: <sip:a@example.com", "Malformed Contact"),
        ("Contact: sip:a@example.com?Route=x", "Malformed Contact"),
        ("Contact: *", "Contact * Outside REGISTER"),
        ("Contact: *, <sip:a@example.com>", "Malformed Contact"),
        ("Contact: <sip:a@example.com>, *", "Malformed Contact"),
        ("Route: <sip:a@example.com", "Malformed Route"), ("Require: a;b", "Malformed Require"),
        ("Content-Type: text", "Malformed Content-Type"),
        ("no colon here", "Header Line Without Name"), (": no name", "Header Line Without Name"),
        ("Two Words: x", "Header Line Without Name"),
        ("X: a\u{0}b", "Control Character in Header"), ("X: a\rb", "Control Character in Header"),
    ])
    func refusesFields(fields: String, reason: String) throws {
        #expect(try options(fields).defect() == Rejection(.badRequest, reason: reason))
    }

    @Test(arguments: [
        ("CSeq: 2147483648 OPTIONS", "CSeq Out of Range"),
        ("CSeq: 36893488147419103233 OPTIONS", "CSeq Out of Range"),
        ("CSeq: 1 INVITE", "CSeq Method Differs From Request-Line"),
        ("CSeq: 1 options", "CSeq Method Differs From Request-Line"),
        ("CSeq: OPTIONS", "Malformed CSeq"), ("CSeq: 1OPTIONS", "Malformed CSeq"),
        ("Max-Forwards: 256", "Max-Forwards Out of Range"),
        ("Max-Forwards: x", "Malformed Max-Forwards"),
        ("Call-ID: a b", "Malformed Call-ID"), ("Call-ID:", "Malformed Call-ID"),
        ("From: \"a <sip:b@example.com>;tag=1", "Malformed From"),
        ("To: <sip:b@exa mple.com>", "Malformed To"), ("Via: SIP/2.0/UDP", "Malformed Via"),
        ("Via: SIP/2.0/UDP a;;branch=z9hG4bK1", "Malformed Via"),
        ("Via: SIP/2.0/UDP [::1;branch=z9hG4bK1", "Malformed Via"),
        ("Via: SIP/2.0/UDP a:65536;branch=z9hG4bK1", "Malformed Via"),
    ])
    func refusesValues(field: String, reason: String) throws {
        let name = HeaderName(String(field.prefix { $0 != ":" }))
        var request = try options(field)
        // Ours goes, the one to be tested stays.
        request.headers.remove(name)
        let value = field.drop { $0 != ":" }.dropFirst()
        request.headers.append(name, String(value))
        guard case .request(let parsed) = try Message(parsing: request.serialised()) else { return }
        #expect(parsed.defect() == Rejection(.badRequest, reason: reason))
    }

    @Test(
        arguments: [
            ("OPTIONS sip:a@example.com SIP/3.0", 505), ("OPTIONS sip:a@example.com SIP/2.00", 505),
            ("OPTIONS sip:a@example.com sip/2.0", nil),
            ("OPTIONS <sip:a@example.com> SIP/2.0", 400),
            ("OPTIONS  sip:a@example.com SIP/2.0", 400),
            ("OPTIONS sip:a@example.com SIP/2.0 ", 400),
            ("OPTIONS sip:a@exa mple.com SIP/2.0", 400),
            ("OPTIONS sip:a@example.com?To=b SIP/2.0", 400),
            ("OPTIONS sip:a%@example.com SIP/2.0", 400), ("OPTIONS sip:@example.com SIP/2.0", 400),
            ("OPTIONS a SIP/2.0", 400), ("OPTIONS tel:+1-555-0142 SIP/2.0", nil),
            ("OPTIONS tel:x SIP/2.0", 400), ("OPTIONS mailto:a@example.com SIP/2.0", 416),
            ("OPTIONS nobodyKnowsThisScheme:a SIP/2.0", 416),
            ("OPTIONS sip:\(String(repeating: "a", count: 9000))@example.com SIP/2.0", 414),
        ] as [(String, StatusCode?)])
    func judgesTheRequestLine(line: String, status: StatusCode?) throws {
        let rest = text(try options().serialised()).drop { $0 != "\r\n" }
        guard case .request(let request) = try Message(parsing: Array("\(line)\(rest)".utf8)) else {
            Issue.record("no request")
            return
        }
        #expect(request.defect()?.status == status)
    }

    @Test(arguments: [
        "", "\r\n\r\n", "hello", "OPTIONS\r\n\r\n", "OPTIONS sip:a\r\n\r\n",
        "OPTIONS SIP/2.0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "SIP/2.0 99 Low\r\n\r\n",
        "SIP/2.0 700 High\r\n\r\n", "SIP/2.0 2000 Long\r\n\r\n", "SIP/2.0 \r\n\r\n", "SIP/2.0",
        "\u{0}\u{0}\u{0}\u{0}",
    ])
    func isNoMessage(text: String) {
        #expect(throws: MessageError.self) { try Message(parsing: Array(text.utf8)) }
    }

    @Test func bodiesOfDatagrams() throws {
        func request(_ length: String, _ body: String) throws -> Request {
            try SIPTests.request(
                """
                OPTIONS sip:a@example.com SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.21;branch=z9hG4bKa
                From: <sip:201@example.com>;tag=f
                To: <sip:201@example.com>
                Call-ID: a
                CSeq: 1 OPTIONS\(length)

                \(body)
                """)
        }
        // RFC 3261 §18.3: too short is an error, surplus is dropped, none reaches to the end.
        #expect(
            try request("\nContent-Length: 40", "twelve bytes").defect()
                == Rejection(.badRequest, reason: "Body Shorter Than Content-Length"))
        let surplus = try request("\nContent-Length: 6", "twelve bytes")
        #expect(surplus.defect() == nil)
        #expect(text(surplus.body) == "twelve")
        #expect(try text(request("", "twelve bytes").body) == "twelve bytes")
        #expect(
            try request("\nContent-Length: -1", "").defect()
                == Rejection(.badRequest, reason: "Malformed Content-Length"))
        #expect(try request("\nContent-Length: 99999999999999999999", "").defect()?.status == 400)
    }

    @Test func limitsHold() throws {
        func parse(_ fields: String, _ limits: MessageLimits) throws -> Message {
            try Message(parsing: try options(fields).serialised(), limits: limits)
        }
        var limits = MessageLimits()
        limits.fieldCount = 8
        #expect(throws: MessageError.tooManyFields) { try parse("A: 1\nB: 2", limits) }
        limits = MessageLimits()
        limits.fieldLength = 100
        let long = String(repeating: "x", count: 101)
        #expect(throws: MessageError.fieldTooLong) { try parse("A: \(long)", limits) }
        #expect(throws: MessageError.fieldTooLong) {
            try Message(
                parsing: octets(
                    "OPTIONS sip:a SIP/2.0\nA: \(long.dropLast(50))\n \(long.dropLast(50))\n\n"),
                limits: limits)
        }
        limits = MessageLimits()
        limits.headLength = 100
        #expect(throws: MessageError.tooLong) { try parse("", limits) }
        #expect(throws: MessageError.tooLong) {
            try Message(parsing: Array(repeating: 0x41, count: 65_536))
        }
        limits = MessageLimits()
        limits.listLength = 3
        let vias = (0..<4).map { "SIP/2.0/UDP 192.0.2.\($0)" }.joined(separator: ", ")
        #expect(try options("Via: \(vias)").defect(limits: limits)?.status == 400)
        #expect(try options("Via: \(vias)").defect() == nil)
    }

    @Test(arguments: [
        ("", false), ("CSeq: 1 OPTIONS", true), ("From: <sip:a@example.com>", true),
        ("v: SIP/2.0/UDP", false), ("Contact: nonsense", false),
    ])
    func responsesAreDropped(field: String, isMalformed: Bool) throws {
        let response = try response(
            """
            SIP/2.0 200 OK
            Via: SIP/2.0/UDP 198.51.100.21:5060;branch=z9hG4bKa
            From: <sip:201@pbx.example.com>;tag=f
            To: <sip:201@pbx.example.com>;tag=t
            Call-ID: a@198.51.100.21
            CSeq: 1 OPTIONS
            \(field.isEmpty ? "X: 0" : field)
            Content-Length: 0


            """)
        #expect(response.isMalformed == isMalformed)
    }
}
