import Primitives
import SIP
import Testing

/// Every message of RFC 5118 gets the RFC's answer.
@Suite struct RFC5118Tests {
    private func request(_ name: String) throws -> Request {
        let message = try Message(parsing: Vector(collection: "rfc5118", name: name).octets)
        guard case .request(let request) = message else { throw MessageError.notSIP }
        return request
    }

    @Test(arguments: Vector.all("rfc5118"))
    func isWellFormedExceptTheBadOne(_ vector: Vector) throws {
        let request = try request(vector.name)
        #expect(request.defect()?.status == (vector.name == "ipv6-bad" ? 400 : nil))
        #expect(try request.serialised() == vector.octets)
    }

    @Test func allAreThere() {
        #expect(Vector.all("rfc5118").count == 12)
    }

    @Test(
        arguments: [
            ("ipv6-good", "2001:db8::10", nil), ("port-ambiguous", "2001:db8::10:5070", nil),
            ("port-unambiguous", "2001:db8::10", 5070),
            ("ipv6-bug-abnf-3-colons", "2001:db8::192.0.2.1", nil),
            ("ipv6-correct-abnf-2-colons", "2001:db8::192.0.2.1", nil),
        ] as [(String, String, UInt16?)])
    func readsTheRequestURI(name: String, address: String, port: UInt16?) throws {
        let uri = try request(name).requestURI
        #expect(uri.host.address == IPAddress(address))
        #expect(uri.port == port)
    }

    @Test(arguments: ["via-received-param-with-delim", "via-received-param-no-delim"])
    func readsReceived(name: String) throws {
        var via = try request(name).headers.topVia()
        #expect(via.received == IPAddress("2001:db8::9:255"))
        via.received = IPAddress("2001:db8::51")
        #expect(via.description.contains(";received=2001:db8::51"))
    }

    @Test func readsEveryHop() throws {
        let vias = try request("mult-ip-in-header").headers.vias
        #expect(vias.map(\.host) == ["2001:db8::9:1", "192.0.2.1", "2001:db8::9:255"])
        #expect(vias.map(\.port) == [6050, nil, nil])
        #expect(vias.map(\.received) == [nil, nil, IPAddress("192.0.2.200")])
    }

    @Test func readsMappedAddresses() throws {
        let headers = try request("ipv4-mapped-ipv6").headers
        #expect(try headers.topVia().host == Host("::ffff:192.0.2.10"))
        #expect(try headers.firstContact?.uri.host == Host("::ffff:192.0.2.2"))
    }

    @Test(arguments: [
        "sip:[2001:db8:::1]", "sip:[::::192.0.2.1]", "sip:[1:::2:::192.0.2.1]",
        "sip:[2001::db8:::192.0.2.1]", "sip:[2001:db8:::192.0.2]", "sip:[::1", "sip:[]",
        "sip:[192.0.2.1]",
    ])
    func toleratesNoOtherColons(text: String) {
        #expect(URI(text) == nil)
    }
}
