import Primitives
import SIP
import Testing

@Suite struct HeadersTests {
    private func headers(_ fields: String) throws -> Headers {
        try request("OPTIONS sip:a@example.com SIP/2.0\n\(fields)\n\n").headers
    }

    /// G16: folds, compact names, odd case, a tab.
    @Test func foldedAndCompact() throws {
        let request = try request(
            """
            REGISTER sip:pbx.example.com SIP/2.0
            v: SIP/2.0/UDP 198.51.100.21:5060
             ;branch=z9hG4bKg16
               ;rport
            f: "Ana
             Ortiz" <sip:201@pbx.example.com>
             ;tag=g16
            t: <sip:201@pbx.example.com>
            i: g16@198.51.100.21
            CSeq: 1
             REGISTER
            max-FORWARDS:70
            m:<sip:201@198.51.100.21:5060>
            \t;expires=300
            k: path , gruu
            l: 0


            """)
        #expect(request.defect() == nil)
        let headers = request.headers
        #expect(try headers.topVia().branch == "z9hG4bKg16")
        #expect(try headers.topVia().wantsRport)
        #expect(try headers.from.displayName == "Ana Ortiz")
        #expect(try headers.from.tag == "g16")
        #expect(try headers.cseq == CSeq(1, .register))
        #expect(try headers.maxForwards == 70)
        #expect(try headers.firstContact?.expires == 300)
        #expect(try headers.supported == ["path", "gruu"])
    }

    /// G18: the lower Via is read either way, and goes back as it came.
    @Test(arguments: ["[2001:db8::99]", "2001:db8::99"])
    func receivedWithAndWithoutBrackets(received: String) throws {
        let lower =
            "SIP/2.0/UDP [2001:db8::21]:5062;received=\(received);rport=33001;branch=z9hG4bKg18"
        var request = try request(
            """
            OPTIONS sip:201@pbx.example.com SIP/2.0
            Via: SIP/2.0/UDP [2001:db8::50];branch=z9hG4bKg18p
            Via: \(lower)
            From: <sip:202@[2001:db8::10]>;tag=g18
            To: <sip:201@pbx.example.com>
            Call-ID: g18@[2001:db8::21]
            CSeq: 1 OPTIONS
            Max-Forwards: 68
            Contact: <sip:202@[2001:db8::21]:5062>
            Content-Length: 0


            """)
        #expect(request.defect() == nil)
        let vias = try request.headers.vias
        #expect(vias[1].received == IPAddress("2001:db8::99"))
        #expect(vias[1].rport == 33001)
        #expect(vias[1].port == 5062)
        var top = vias[0]
        top.received = IPAddress("2001:db8::51")
        request.headers.replaceFirstElement(of: .via, with: top)
        let response = request.response(.ok, toTag: "t")
        #expect(
            response.headers.values(of: .via) == [
                "SIP/2.0/UDP [2001:db8::50];branch=z9hG4bKg18p;received=2001:db8::51", lower,
            ])
    }

    /// G20: lists over several lines, quoted commas, tel.
    @Test func diversions() throws {
        let diversions = try headers(
            """
            Diversion: "Front desk, 2nd floor" <sip:201@pbx.example.com>;reason=no-answer;counter=1;privacy=off, <tel:+1-555-0143>;reason=unconditional
            Diversion: <sip:+15550144@carrier.example.net;user=phone>;reason=user-busy;counter=2
            """
        ).diversions
        #expect(
            diversions.map { TelephoneNumber($0.uri)?.description } == [
                "201", "+15550143", "+15550144",
            ])
        #expect(
            diversions.map { $0.parameters["reason"] } == [
                "no-answer", "unconditional", "user-busy",
            ])
        #expect(diversions[0].displayName == "Front desk, 2nd floor")
    }

    /// G21: tel in From and P-Asserted-Identity.
    @Test func telephoneNumbers() throws {
        let headers = try headers(
            """
            From: <tel:0142;phone-context=+1-555;ext=7>;tag=g21
            P-Asserted-Identity: <tel:+1-555-0142>
            P-Asserted-Identity: "Ana O." <sip:+15550142@carrier.example.net>
            Contact: <sip:203.0.113.40:5060>
            """)
        let from = try #require(TelephoneNumber(headers.from.uri))
        #expect(from.digits == "0142")
        #expect(from.context == "+1555")
        #expect(from.numberExtension == "7")
        #expect(from.description == "+15550142")
        #expect(
            try headers.pAssertedIdentities.map { TelephoneNumber($0.uri)?.description }
                == ["+15550142", "+15550142"])
        #expect(try headers.firstContact?.uri.escapedUser == nil)
    }

    /// G23: the forms of `*`.
    @Test func contactStar() throws {
        #expect(try headers("Contact: *").contacts == .all)
        #expect(try headers("m: *\nExpires: 0").contacts == .all)
        #expect(try headers("X: *").contacts == .list([]))
        #expect(throws: HeaderError(.malformed, .contact)) {
            try headers("Contact: *, <sip:201@198.51.100.21>").contacts
        }
        #expect(throws: HeaderError(.malformed, .contact)) {
            try headers("Contact: *\nm: *").contacts
        }
    }

    @Test func sessionTimers() throws {
        let headers = try headers("x: 1800 ;Refresher=UAS\nMin-SE: 90;x=y")
        #expect(try headers.sessionExpires == SessionExpires(1800, refresher: .uas))
        #expect(try headers.minSE == 90)
        #expect(throws: HeaderError(.malformed, .sessionExpires)) {
            try self.headers("Session-Expires: soon").sessionExpires
        }
        #expect(throws: HeaderError(.outOfRange, .sessionExpires)) {
            try self.headers("Session-Expires: 4294967296").sessionExpires
        }
    }

    @Test func reliableProvisionals() throws {
        #expect(try headers("RAck: 776656 1 INVITE").rack == RAck(776_656, CSeq(1, .invite)))
        #expect(try headers("RSeq: 2147483647").rseq == 2_147_483_647)
        #expect(throws: HeaderError(.outOfRange, .rseq)) { try headers("RSeq: 0").rseq }
        #expect(throws: HeaderError(.outOfRange, .rseq)) { try headers("RSeq: 2147483648").rseq }
        #expect(throws: HeaderError(.malformed, .rack)) { try headers("RAck: 1 INVITE").rack }
        #expect(throws: HeaderError(.outOfRange, .rack)) {
            try headers("RAck: 4294967296 1 INVITE").rack
        }
    }

    @Test func reasonsAndReplaces() throws {
        let headers = try headers(
            """
            Reason: SIP ;cause=200 ;text="Call completed elsewhere", Q.850;cause=16
            Replaces: 425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only
            Refer-To: <sip:b@example.com?Replaces=12345%40192.168.118.3%3Bto-tag%3D1>
            b: <sip:r@ref.example>;cid="2UWQFN309shb3@ref.example"
            History-Info: <sip:a@example.com>;index=1, <sip:b@example.com?Reason=SIP%3Bcause%3D302>;index=1.1
            """)
        #expect(try headers.reasons.map(\.value) == ["SIP", "Q.850"])
        #expect(try headers.reasons[0].parameters["text"] == "Call completed elsewhere")
        #expect(
            try headers.replaces
                == Replaces(
                    callID: "425928@bobster.example.org", toTag: "7743", fromTag: "6472",
                    isEarlyOnly: true))
        #expect(try headers.referTo?.uri.headers == "Replaces=12345%40192.168.118.3%3Bto-tag%3D1")
        #expect(try headers.referredBy?.parameters["cid"] == "2UWQFN309shb3@ref.example")
        #expect(try headers.historyInfo.map { $0.parameters["index"] } == ["1", "1.1"])
        #expect(Replaces("a;to-tag=1") == nil)
    }

    @Test func retryAfterAndWarnings() throws {
        #expect(
            try headers("Retry-After: 18000;duration=3600").retryAfter
                == RetryAfter(18000, duration: 3600))
        #expect(
            try headers("Retry-After: 120 (I'm in a (long) meeting)").retryAfter == RetryAfter(120))
        #expect(
            try headers(
                "Warning: 307 isi.edu \"Session parameter 'foo' not understood\", 399 a:5060 \"x, \\\"y\\\"\""
            ).warnings
                == [
                    Warning(307, agent: "isi.edu", text: "Session parameter 'foo' not understood"),
                    Warning(399, agent: "a:5060", text: "x, \"y\""),
                ])
        #expect(throws: HeaderError(.malformed, .warning)) {
            try headers("Warning: 1812 overture \"In Progress\"").warnings
        }
    }

    @Test func bodies() throws {
        let headers = try headers(
            "c: multipart/mixed ; boundary=\"a b\"\nContent-Disposition: session;handling=optional\nAccept: application/sdp;level=1, text/*;q=0.3"
        )
        #expect(try headers.contentType?.isValue("Multipart/Mixed") == true)
        #expect(try headers.contentType?.parameters["boundary"] == "a b")
        #expect(try headers.contentDisposition?.parameters["handling"] == "optional")
        #expect(try headers.accept?.map(\.value) == ["application/sdp", "text/*"])
        #expect(try self.headers("Accept:").accept == [])
        #expect(try self.headers("X: y").accept == nil)
    }

    @Test func dates() throws {
        let date = try #require(try headers("Date: Sat, 13 Nov 2010 23:29:00 GMT").date)
        #expect(date.seconds == 1_289_690_940)
        #expect(date.description == "Sat, 13 Nov 2010 23:29:00 GMT")
        #expect(SIPDate(seconds: 0).description == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(SIPDate(seconds: -1).description == "Wed, 31 Dec 1969 23:59:59 GMT")
        #expect(
            SIPDate("Thu, 29 Feb 2024 12:00:00 GMT")?.description == "Thu, 29 Feb 2024 12:00:00 GMT"
        )
        for bad in [
            "Fri, 01 Jan 2010 16:00:00 EST", "Fri, 30 Feb 2024 12:00:00 GMT",
            "01 Jan 2010 16:00:00 GMT",
            "Fri, 01 Jan 2010 24:00:00 GMT", "", "Fri, 01 Jan 99999 16:00:00 GMT",
        ] {
            #expect(try headers("Date: \(bad)").date == nil)
        }
    }

    @Test func authentication() throws {
        let headers = try headers(
            """
            Authorization: Digest username="Alice, \\"A\\"", realm="example.com", nonce="84a4cc6f", uri="sip:a@b", response="7587245234b3434cc3412213e5f113a5", algorithm=MD5, qop=auth,nc=00000001 , cnonce="c"
            Authorization: NoOneKnowsThisScheme opaque-data=here
            Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==
            """)
        let values = try headers.credentials(.authorization)
        #expect(values.map(\.scheme) == ["Digest", "NoOneKnowsThisScheme", "Basic"])
        #expect(values[0].isDigest)
        #expect(values[0]["username"] == "Alice, \"A\"")
        #expect(values[0]["nc"] == "00000001")
        #expect(values[0]["CNONCE"] == "c")
        #expect(values[1]["opaque-data"] == "here")

        let challenges = try self.headers(
            "WWW-Authenticate: Digest realm=\"a\", nonce=\"1\", qop=\"auth,auth-int\", Digest realm=\"a\", nonce=\"2\", algorithm=SHA-256"
        ).challenges(.wwwAuthenticate)
        #expect(challenges.map { $0["nonce"] } == ["1", "2"])
        #expect(challenges[0]["qop"] == "auth,auth-int")
        #expect(challenges[1]["algorithm"] == "SHA-256")
        #expect(challenges[1].description == "Digest realm=\"a\", nonce=\"2\", algorithm=SHA-256")
        #expect(throws: HeaderError.self) {
            try self.headers("Authorization: Digest a=\"b").credentials(.authorization)
        }
        #expect(throws: HeaderError.self) {
            try self.headers("Authorization: a=b").credentials(.authorization)
        }
    }

    @Test func events() throws {
        let headers = try headers(
            "o: message-summary;id=7\nu: presence, message-summary\nSubscription-State: active;expires=60"
        )
        #expect(try headers.event?.value == "message-summary")
        #expect(try headers.event?.parameters["id"] == "7")
        #expect(try headers.allowEvents == ["presence", "message-summary"])
        #expect(try headers.tokenWithParameters(.subscriptionState)?.parameters["expires"] == "60")
    }

    @Test func optionTags() throws {
        let headers = try headers("k: 100rel,,timer, \nSupported: Replaces")
        #expect(try headers.supported == ["100rel", "timer", "Replaces"])
        #expect(headers.has("TIMER", in: .supported))
        #expect(!headers.has("path", in: .supported))
        #expect(try self.headers("Allow: INVITE, ACK").allow == [.invite, .ack])
    }

    @Test func changes() {
        var headers = Headers()
        headers.append(.via, "1")
        headers.append("X-A", "a")
        headers.append(.via, "2")
        headers.append("x-a", "b")
        headers.insertFirst(.via, "0")
        #expect(headers.values(of: .via) == ["0", "1", "2"])
        headers.set("X-A", "c")
        #expect(headers.all.map(\.name) == ["Via", "Via", "X-A", "Via"])
        headers.set(.subject, "new")
        headers.remove(.via)
        #expect(headers.all.map(\.value) == ["c", "new"])
        #expect(headers.count(of: .via) == 0)
    }

    @Test func viaParts() throws {
        let via = try #require(
            Via(
                "SIP / 2.0 / tcp  Example.COM : 5070 ; branch = z9hG4bKx;maddr=224.2.0.1;ttl=16;rport;received=192.0.2.9"
            ))
        #expect(via.transport == "TCP")
        #expect(via.host == "example.com")
        #expect(via.port == 5070)
        #expect(via.branch == "z9hG4bKx")
        #expect(via.hasMagicCookie)
        #expect(via.wantsRport)
        #expect(via.rport == nil)
        #expect(via.received == IPAddress("192.0.2.9"))
        #expect(
            via.description
                == "SIP/2.0/TCP example.com:5070;branch=z9hG4bKx;maddr=224.2.0.1;ttl=16;rport;received=192.0.2.9"
        )
        // The bare cookie can't be unique: it's matched as RFC 2543 would.
        #expect(Via("SIP/2.0/UDP a;branch=z9hG4bK")?.hasMagicCookie == false)
        #expect(Via("SIP/2.0/UDP a;branch=Z9HG4bK1")?.hasMagicCookie == true)
        #expect(Via("SIP/2.0/UDP a;branch=1")?.hasMagicCookie == false)
    }
}
