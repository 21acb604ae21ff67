import Primitives
import SIP
import Testing

/// RFC 3261 §18.2.1, §18.2.2, RFC 3581 §4.
@Suite struct ResponseDestinationTests {
    /// G33: a phone sends from a high port and listens on 5060.
    @Test(
        arguments: [
            ("198.51.100.31:5060;branch=z9hG4bKg33", "198.51.100.31:5060", nil, nil),
            (
                "198.51.100.31:5060;branch=z9hG4bKg33;rport", "198.51.100.31:50933",
                "198.51.100.31",
                "50933"
            ),
            ("10.1.2.3:5060;branch=z9hG4bKg33", "198.51.100.31:5060", "198.51.100.31", nil),
            (
                "phone.example.com;rport;branch=z9hG4bKg33", "198.51.100.31:50933", "198.51.100.31",
                "50933"
            ),
            ("phone.example.com;branch=z9hG4bKg33", "198.51.100.31:5060", "198.51.100.31", nil),
            ("198.51.100.31:6000;branch=z9hG4bKg33", "198.51.100.31:6000", nil, nil),
            // A sender's own word about where it is counts for nothing.
            (
                "10.1.2.3;received=203.0.113.1;branch=z9hG4bKg33", "198.51.100.31:5060",
                "198.51.100.31", nil
            ),
        ] as [(String, String, String?, String?)])
    func overUDP(via: String, remote: String, received: String?, rport: String?) throws {
        var x = Exchange()
        let (id, request) = try #require(
            x.receive(
                """
                REGISTER sip:pbx.example.com SIP/2.0
                Via: SIP/2.0/UDP \(via)
                From: <sip:202@pbx.example.com>;tag=g33
                To: <sip:202@pbx.example.com>
                Call-ID: g33@198.51.100.31
                CSeq: 101 REGISTER
                Max-Forwards: 70
                Contact: <sip:202@198.51.100.31:5060>;expires=3600
                """
            ).request)
        let seen = x.respond(id, to: request, .ok)
        #expect(seen.first?.remote == remote)
        guard case .response(let response) = seen.first?.message else { return }
        let written = try response.headers.topVia()
        #expect(written.parameters["received"] == received)
        #expect(written.parameters["rport"] == rport)
    }

    /// G18: the address that we add is without brackets; the lower Via stays byte for byte.
    @Test(arguments: ["[2001:db8::99]", "2001:db8::99"]) func overIPv6(received: String) throws {
        var x = Exchange()
        let lower =
            "SIP/2.0/UDP [2001:db8::21]:5062;received=\(received);rport=33001;branch=z9hG4bKg18"
        let flow = Flow(
            transport: .udp, local: Endpoint(try #require(IPAddress("2001:db8::10")), port: 5060),
            remote: Endpoint(try #require(IPAddress("2001:db8::51")), port: 5060))
        let (id, request) = try #require(
            x.receive(
                """
                OPTIONS sip:201@pbx.example.com SIP/2.0
                Via: SIP/2.0/UDP [2001:db8::50];branch=z9hG4bKg18p
                Via: \(lower)
                From: <sip:202@[2001:db8::10]>;tag=g18
                To: <sip:201@pbx.example.com>
                Call-ID: g18@[2001:db8::21]
                CSeq: 1 OPTIONS
                Max-Forwards: 68
                """, on: flow
            ).request)
        let seen = x.respond(id, to: request, .ok)
        #expect(seen.first?.remote == "[2001:db8::51]:5060")
        guard case .response(let response) = seen.first?.message else { return }
        #expect(response.headers.values(of: .via).last == lower)
        #expect(response.headers.values(of: .via).first?.contains("received=2001:db8::51") == true)
    }

    @Test(
        arguments: [
            ("10.1.2.3;maddr=224.2.0.1", "224.2.0.1:5060"),
            ("10.1.2.3:5070;maddr=224.2.0.1", "224.2.0.1:5070"),
            ("10.1.2.3;maddr=255.255.255.255", "198.51.100.31:5060"),
            ("10.1.2.3;maddr=0.0.0.0", "198.51.100.31:5060"),
            ("10.1.2.3;maddr=203.0.113.9", "198.51.100.31:5060"),
            ("10.1.2.3;maddr=victim.example.com", "198.51.100.31:5060"),
            ("10.1.2.3:0", nil),
            ("255.255.255.255", "198.51.100.31:5060"),
        ] as [(String, String?)])
    func oddPlaces(via: String, remote: String?) throws {
        let via = try #require(Via("SIP/2.0/UDP \(via);branch=z9hG4bKx"))
        let destination = Destination(responsesBy: via, on: Exchange.udp)
        guard case .flow(let flow) = destination else {
            #expect(destination == nil && remote == nil)
            return
        }
        #expect(flow.remote.description == remote)
        #expect(flow.local == Exchange.here)
    }

    /// By the connection; where the peer listens, should that be gone.
    @Test(arguments: [
        (TransportProtocol.tcp, "10.1.2.3", "198.51.100.31:5060"),
        (.tcp, "10.1.2.3:5070", "198.51.100.31:5070"),
        (.tls, "10.1.2.3", "198.51.100.31:5061"),
        (.tcp, "10.1.2.3;rport", "198.51.100.31:5060"),
    ])
    func overConnections(transport: TransportProtocol, via: String, remote: String) throws {
        let via = try #require(Via("SIP/2.0/TCP \(via)"))
        var flow = Exchange.tcp
        flow.transport = transport
        guard case .flow(let back) = Destination(responsesBy: via, on: flow) else {
            Issue.record("no flow")
            return
        }
        #expect(back.connection == 7)
        #expect(back.remote.description == remote)
    }

    @Test(arguments: ["255.255.255.255:5060", "224.0.0.1:5060", "0.0.0.0:5060", "192.0.2.7:0"])
    func nobodyIsThere(source: String) throws {
        var flow = Exchange.udp
        flow.remote = try #require(Endpoint(source))
        let via = try #require(Via("SIP/2.0/UDP 10.1.2.3;rport"))
        #expect(Destination(responsesBy: via, on: flow) == nil)
    }
}
