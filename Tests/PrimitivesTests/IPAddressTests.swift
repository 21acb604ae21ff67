import Primitives
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("::", "::"),
        ("[::1]", "::1"), ("::ffff:192.0.2.1", "::ffff:c000:201"), ("1:0:0:2::3", "1:0:0:2::3"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("fe80::", "fe80::"),
    ])
    func readsAndWrites(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "::1%eth0", "1::2::3",
        ":1", "1:", "1:2:3:4:5:6:7:8:9", "12345::", "[::1", "[1.2.3.4]", "::1.2.3",
        "1:2:3:4:5:6:7::8",
    ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func endpointNeedsBracketsAroundIPv6() {
        #expect(Endpoint("[::1]:5060")?.description == "[::1]:5060")
        #expect(Endpoint("::1:5060") == nil)
        #expect(Endpoint("127.0.0.1:65536") == nil)
    }

    @Test func networksContainByPrefix() throws {
        let network = try #require(IPNetwork("10.1.2.3/8"))
        #expect(network.description == "10.0.0.0/8")
        #expect(network.contains(try #require(IPAddress("10.255.0.1"))))
        #expect(!network.contains(try #require(IPAddress("11.0.0.1"))))
        let six = try #require(IPNetwork("2001:db8::/33"))
        #expect(six.contains(try #require(IPAddress("2001:db8:7fff::1"))))
        #expect(!six.contains(try #require(IPAddress("2001:db8:8000::1"))))
        #expect(IPNetwork("0.0.0.0/0")?.contains(IPAddress(v4: 0xffff_ffff)) == true)
        #expect(IPNetwork("1.2.3.4/33") == nil)
    }
}
