import SIP
import Testing

@Suite struct NameAddressTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var name: String?
        var uri: String
        var tag: String?
        var testDescription: String { text }
    }

    @Test(arguments: [
        Row(
            text: "\"Ana Ortiz\" <sip:201@example.com>;tag=1", name: "Ana Ortiz",
            uri: "sip:201@example.com", tag: "1"),
        Row(
            text: "Zed Two <sip:2@example.com>;tag=x", name: "Zed Two", uri: "sip:2@example.com",
            tag: "x"),
        Row(text: "caller<sip:2@example.com>", name: "caller", uri: "sip:2@example.com"),
        Row(text: "\"\" <sip:2@example.com>", name: "", uri: "sip:2@example.com"),
        Row(
            text: "sip:+15550142@carrier.example.net;tag=g35d",
            uri: "sip:+15550142@carrier.example.net", tag: "g35d"),
        Row(
            text:
                #""Zoë \"Zed\" Müller-Løvenskiold, Büro <3. Stock> Tür" <sip:+15550142@carrier.example.net;user=phone>;tag=g35"#,
            name: #"Zoë "Zed" Müller-Løvenskiold, Büro <3. Stock> Tür"#,
            uri: "sip:+15550142@carrier.example.net;user=phone", tag: "g35"),
        Row(
            text: "<tel:0142;phone-context=+1-555;ext=7>;tag=g21",
            uri: "tel:0142;phone-context=+1-555;ext=7", tag: "g21"),
        Row(text: "tel:+1(555)0142 ;tag=g21b", uri: "tel:+1(555)0142", tag: "g21b"),
        Row(text: "sip:a@example.com;tag=\"q;d\"", uri: "sip:a@example.com", tag: "q;d"),
        Row(
            text: "Bell, Alexander <sip:a@example.com>;TAG=43", name: "Bell, Alexander",
            uri: "sip:a@example.com", tag: "43"),
        Row(
            text: "<sip:a@example.com?Subject=x> ; tag = 5 ; other",
            uri: "sip:a@example.com?Subject=x", tag: "5"),
        Row(text: "\"a\\\\\" <sip:a@b>", name: "a\\", uri: "sip:a@b"),
    ])
    func reads(_ row: Row) throws {
        let address = try #require(NameAddress(row.text))
        #expect(address.displayName == row.name)
        #expect(address.uri.description == row.uri)
        #expect(address.tag == row.tag)
        // What we write says the same.
        let again = try #require(NameAddress(address.description))
        #expect(again.displayName ?? "" == row.name ?? "")
        #expect(again.uri == address.uri)
        #expect(again.parameters == address.parameters)
    }

    @Test(arguments: [
        "", "<>", "<sip:a@b", "\"a <sip:a@b>", "\"a\" sip:a@b", "sip:a@b?x=y", "sip:a@b, sip:c@d",
        "< sip:a@b >", "<sip:a@b> x", "<sip:a@b>;;a", "<sip:a@b>;=a", "<sip:a@b>;a=", "\"a\\\"",
        "<sip:a@b>;a=\"b", "a@b", "<sip:a@b>;tag=\"", "x;y <sip:a@b>",
    ])
    func refuses(text: String) {
        #expect(NameAddress(text) == nil)
    }

    @Test func contactsKeepTheirOwn() throws {
        // G17: a comma in a name, a parameter within the brackets, an expiry for one of two.
        let headers = try request(
            """
            REGISTER sip:pbx.example.com SIP/2.0
            Contact: "Ortiz, Ana <desk>" <sip:201@198.51.100.21:5060;transport=tcp>;expires=120;q=0.5, sip:201@198.51.100.22:5070;q=1
            Expires: 600


            """
        ).headers
        let contacts = try headers.contacts.list
        #expect(contacts.count == 2)
        #expect(contacts[0].address.displayName == "Ortiz, Ana <desk>")
        #expect(contacts[0].uri.transport == "tcp")
        #expect(contacts[0].expires == 120)
        #expect(contacts[0].preference == 500)
        #expect(contacts[1].uri.port == 5070)
        #expect(contacts[1].expires == nil)
        #expect(contacts[1].preference == 1000)
        #expect(contacts[1].uri.parameters.isEmpty)
        #expect(try headers.expires == 600)
    }

    @Test(
        arguments: [
            ("<sip:a@b>;expires=280297596632815", UInt32.max), ("<sip:a@b>;expires=x", 3600),
            ("<sip:a@b>;expires=-1", 3600), ("<sip:a@b>;expires=\"60\"", 60),
            ("<sip:a@b>;expires=99999999999999999999999", UInt32.max), ("<sip:a@b>", nil),
            ("<sip:a@b>;expires", nil),
        ] as [(String, UInt32?)])
    func contactExpiry(text: String, expires: UInt32?) throws {
        #expect(Contact(try #require(NameAddress(text))).expires == expires)
    }

    @Test(
        arguments: [
            ("0", 0), ("1", 1000), ("0.5", 500), ("0.25", 250), ("0.125", 125), ("1.000", 1000),
            ("1.001", nil), ("2", nil), ("0.1234", nil), (".5", nil), ("0.x", nil), ("0.", 0),
        ] as [(String, Int?)])
    func contactPreference(text: String, preference: Int?) throws {
        #expect(Contact(try #require(NameAddress("<sip:a@b>;q=\(text)"))).preference == preference)
    }
}
