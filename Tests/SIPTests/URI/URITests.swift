import Primitives
import SIP
import Testing

@Suite struct URITests {
    @Test(arguments: [
        "sip:a@b", "sip:b", "sips:a@b:5061", "sip:a:secret@b", "sip:a@b;transport=tcp;lr",
        "sip:a@b?x=y&z=",
        "sip:user;par=u%40example.net@example.com", "sip:sips%3Auser%40example.com@example.net",
        "sip:[2001:DB8::1]:5070", "SIP:A@Example.COM", "sip:a@B:05060", "sip:x%20y@198.51.100.23",
        "sip:&=+$,;?/%00-_.!~*'()@abc123.xyz-test.:12345", "sip:*21#01@pbx.example.com",
        "sip:a@b;x=",
        "tel:+1-201-555-0123", "tel:7042;phone-context=example.com", "tel:*21#;phone-context=+1",
        "mailto:a@example.com", "http://example.com/a?b", "urn:service:sos", "im:a@b",
        "sip:1.2.3.4",
        "sip:1.2.3.4.5", "sip:a_b.example", "sip:ä@example.com",
    ])
    func keepsWhatItReads(text: String) {
        #expect(URI(text)?.description == text)
    }

    @Test(arguments: [
        "", "sip:", "sip:@b", "sip:a@", "sip:a@b:", "sip:a@b:65536", "sip:a@b:x", "sip:a@b@c",
        "sip:a%4@b", "sip:a%gg@b", "sip:a b@c", "sip:a@b;", "sip:a@b;;x", "sip:a@b?", "sip:a@b;=x",
        "sip:2001:db8::10", "sip:[::1]x", "tel:", "tel:+", "tel:+1x", "tel:a b", "1sip:a", "a",
        "x:",
        "sip:a@b<c>", "sip:a@b;x=%", "sip:a\"@b", "sip:a@b\r\n", "sip:a@b c", "sip:a@ü",
        "sip:a@b" + String(repeating: ";x", count: 129),
    ])
    func refuses(text: String) {
        #expect(URI(text) == nil)
    }

    @Test func parts() throws {
        let uri = try #require(
            URI(
                "sips:al%20ice:se%63ret@Atlanta.COM:5071;transport=TCP;lr;maddr=1.2.3.4?Subject=a%20b&priority=urgent"
            ))
        #expect(uri.scheme == .sips)
        #expect(uri.user == "al ice")
        #expect(uri.escapedUser == "al%20ice")
        #expect(uri.password == "se%63ret")
        #expect(uri.host == .name("atlanta.com"))
        #expect(uri.port == 5071)
        #expect(uri.transport == "tcp")
        #expect(uri.isLooseRouter)
        #expect(uri.parameters["MADDR"] == "1.2.3.4")
        #expect(uri.headers == "Subject=a%20b&priority=urgent")
        #expect(URI("sip:a@[::1]")?.host.address == .loopbackV6)
        #expect(URI("sip:a@127.0.0.1")?.host.address == .loopbackV4)
        #expect(URI("sips:a@b")?.effectivePort == 5061)
    }

    /// No truncation at NUL, and no loss where the octets aren't UTF-8.
    @Test func oddEscapes() throws {
        #expect(URI("sip:null-%00-null@b")?.user == "null-\0-null")
        #expect(URI("sip:%00@b") != URI("sip:%00%00@b"))
        #expect(URI("sip:%ff@b")?.user == "%ff")
        #expect(URI("sip:%ff@b") != URI("sip:%fe@b"))
        #expect(URI("sip:%FF@b") == URI("sip:%ff@b"))
    }

    @Test func buildsWithEscapes() {
        #expect(URI(user: "a@b/ü#", host: "c").description == "sip:a%40b/%C3%BC%23@c")
        #expect(URI(.sips, user: "x", host: "::1", port: 9).description == "sips:x@[::1]:9")
        var uri = URI(user: "a", host: "b")
        uri.user = "c d"
        uri.parameters.append("lr")
        #expect(uri.description == "sip:c%20d@b;lr")
    }

    @Test func changingForgetsTheText() throws {
        var uri = try #require(URI("SIP:a@Example.com:5060;x"))
        uri.port = nil
        #expect(uri.description == "sip:a@example.com;x")
    }

    /// The examples of RFC 3261 §19.1.4, and RFC 3966 §4.
    @Test(arguments: [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true
        ),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false),
        ("sip:a@b;lr", "sip:a@b", true), ("sip:a@b;user=phone", "sip:a@b", false),
        ("sip:a@b", "sips:a@b", false), ("sip:b", "sip:a@b", false),
        ("sip:a:p@b", "sip:a@b", false),
        ("sip:a@[::1]", "sip:a@[0:0:0:0:0:0:0:1]", true),
        ("tel:+1-201-555-0123", "tel:+1(201)5550123", true),
        ("tel:+12015550123", "tel:12015550123;phone-context=+1", false),
        ("tel:0142;phone-context=+1-555", "tel:01-42;Phone-Context=+1555", true),
        ("tel:0142;phone-context=Example.com", "tel:0142;phone-context=example.com", true),
        ("tel:+1;ext=7", "tel:+1", false), ("tel:+1;a=b;c=d", "tel:+1;C=D;A=B", true),
        ("urn:service:sos", "urn:service:sos", true),
        ("urn:service:sos", "urn:service:fire", false),
    ])
    func comparesAsTheRFCSays(a: String, b: String, isEquivalent: Bool) throws {
        let (a, b) = (try #require(URI(a)), try #require(URI(b)))
        #expect(a.isEquivalent(to: b) == isEquivalent)
        #expect(b.isEquivalent(to: a) == isEquivalent)
        if a == b {
            #expect(isEquivalent)
            #expect(a.hashValue == b.hashValue)
        }
    }

    /// G19: the spellings of one user.
    @Test(arguments: [
        "sip:%2A21%2301@pbx.example.com", "sip:*21%2301@pbx.example.com;user=phone",
        "sip:*21#01@pbx.example.com", "sip:%2a21%2301@PBX.example.com:5060",
        "sip:*21%2301:secret@pbx.example.com?a=b",
    ])
    func addressesOfRecord(text: String) throws {
        let address = try #require(URI(text)).addressOfRecord
        #expect(address == URI("sip:*21%2301@pbx.example.com"))
        #expect(address.description == "sip:*21%2301@pbx.example.com")
        #expect(address.user == "*21#01")
        #expect(
            try #require(URI("sip:x%20y@198.51.100.23")).addressOfRecord.description
                == "sip:x%20y@198.51.100.23")
    }

    @Test(
        arguments: [
            ("tel:+1-555-0142", "+15550142"), ("sip:+1-555-0142@c;user=phone", "+15550142"),
            ("sip:201@c", "201"),
            ("sip:0142;phone-context=+1555@c;user=phone", "+15550142"),
            ("tel:0142;phone-context=pbx", "0142"),
            ("sip:alice@c", nil), ("sip:c", nil), ("tel:*21#;phone-context=x", "*21#"),
        ] as [(String, String?)])
    func numbers(text: String, number: String?) throws {
        #expect(TelephoneNumber(try #require(URI(text)))?.description == number)
    }
}
