import Foundation
import Glibc
import NIOCore
import Primitives
import SIP
import Testing

@testable import UserAgent

struct UserAgentTests {
    // MARK: Real peers

    @Test(arguments: [("udp", "127.0.0.1"), ("udp", "127.0.0.2"), ("tcp", "127.0.0.3")])
    func sipsakGetsItsOptionsAnswered(_ transport: String, _ address: String) async throws {
        let phone = try await TestPhone.listening(["\(transport):0.0.0.0:0"])
        let port = try await phone.endpoints()[0].port
        let result = try await run(
            "/usr/bin/sipsak", ["-v", "-E", transport, "-s", "sip:ping@\(address):\(port)"])
        #expect(result.status == 0, "\(result.output)")
        let statistics = try await phone.statistics()
        #expect(statistics.requestsReceived == [.options: 1])
        #expect(statistics.responsesSent == [.init(.options, .ok): 1])
        await phone.userAgent.stop()
    }

    @Test(arguments: [("u1", "udp"), ("t1", "tcp"), ("tn", "tcp")])
    func sippMakesCalls(_ mode: String, _ transport: String) async throws {
        let phone = try await TestPhone.listening(["\(transport):127.0.0.1:0"])
        let port = try await phone.endpoints()[0].port
        let directory = FileManager.default.temporaryDirectory.path()
        let result = try await run(
            "/usr/bin/sipp",
            [
                "-sn", "uac", "-t", mode, "-m", "50", "-r", "100", "-d", "50", "-i", "127.0.0.1",
                "-max_socket", "100", "-timeout", "20s", "-nostdin", "-s", "moh",
                "127.0.0.1:\(port)",
            ], in: directory)
        #expect(result.status == 0, "\(result.output.suffix(2_000))")
        let notes = try await phone.wait { $0.ended.count == 50 }
        #expect(notes.ended == Array(repeating: "the other side hung up", count: 50))
        #expect(notes.established == 50)
        await phone.userAgent.stop()
    }

    // MARK: Where the response goes

    struct ResponseCase: CustomTestStringConvertible {
        var via: String
        var toViaPort: Bool
        var received: Bool
        var testDescription: String { via }
    }

    /// G33: the phone sends from one port and listens on another.
    @Test(arguments: [
        ResponseCase(via: "127.0.0.1:PORT", toViaPort: true, received: false),
        ResponseCase(via: "127.0.0.1:PORT;rport", toViaPort: false, received: true),
        ResponseCase(via: "10.1.2.3:PORT", toViaPort: true, received: true),
        ResponseCase(via: "phone.example.com;rport", toViaPort: false, received: true),
    ])
    func responsesGoWhereTheRFCSays(_ c: ResponseCase) async throws {
        let phone = try await TestPhone.listening(["udp:127.0.0.1:0"])
        let sender = try PeerSocket(SOCK_DGRAM, local: Endpoint(.loopbackV4, port: 0))
        let listener = try PeerSocket(SOCK_DGRAM, local: Endpoint(.loopbackV4, port: 0))
        let via = c.via.replacing("PORT", with: "\(listener.local.port)")
        let request = """
            OPTIONS sip:pbx.example.com SIP/2.0\r
            Via: SIP/2.0/UDP \(via);branch=z9hG4bKg33\r
            From: <sip:202@pbx.example.com>;tag=g33\r
            To: <sip:202@pbx.example.com>\r
            Call-ID: g33@198.51.100.31\r
            CSeq: 101 OPTIONS\r
            Max-Forwards: 70\r
            Content-Length: 0\r
            \r\n
            """
        sender.send(Array(request.utf8), to: try await phone.endpoints()[0])
        let response = try #require((c.toViaPort ? listener : sender).receiveText())
        #expect(response.hasPrefix("SIP/2.0 200 "))
        #expect(response.contains(";received=127.0.0.1") == c.received)
        await phone.userAgent.stop()
    }

    /// A call to the anycast address is answered from it, and its Contact is the node's own.
    @Test func contactOfACallToTheAnycastAddress() async throws {
        let anycast = IPAddress(v4: 0x7f00_0064)
        let node = IPAddress(v4: 0x7f00_0001)
        let phone = try await TestPhone.listening(
            ["udp:0.0.0.0:0"], advertised: [anycast: .address(node)])
        let port = try await phone.endpoints()[0].port
        for (called, contact) in [
            (anycast, node), (IPAddress(v4: 0x7f00_0007), IPAddress(v4: 0x7f00_0007)),
        ] {
            let peer = try PeerSocket(SOCK_DGRAM, remote: Endpoint(called, port: port))
            peer.send(
                """
                INVITE sip:moh@\(called):\(port) SIP/2.0\r
                Via: SIP/2.0/UDP \(peer.local);branch=z9hG4bK\(called);rport\r
                From: <sip:202@pbx.example.com>;tag=any\r
                To: <sip:moh@pbx.example.com>\r
                Call-ID: \(called)\r
                CSeq: 1 INVITE\r
                Max-Forwards: 70\r
                Contact: <sip:202@\(peer.local)>\r
                Content-Length: 0\r
                \r\n
                """)
            var response = ""
            while !response.hasPrefix("SIP/2.0 200") {
                response = try #require(peer.receiveText())
            }
            let line = response.split(separator: "\r\n").first { $0.hasPrefix("Contact:") }
            #expect(line?.contains("@\(contact):\(port)") == true, "\(line ?? "no Contact")")
        }
        await phone.userAgent.stop()
    }

    // MARK: Calls between two of ours

    @Test(arguments: [TransportProtocol.udp, .tcp], ["127.0.0.1", "[::1]"])
    func drainingEndsEveryCallAndRefusesNewOnes(
        _ transport: TransportProtocol, _ host: String
    ) async throws {
        let name = transport == .udp ? "udp" : "tcp"
        let phone = try await TestPhone.listening(["\(name):\(host):0"])
        let caller = try await TestPhone.listening(["\(name):\(host):0"])
        let uri = "sip:moh@\(try await phone.endpoints()[0]);transport=\(name)"
        for _ in 0..<3 { try caller.call(uri, transport: transport) }
        #expect(try await caller.wait { $0.established == 3 }.established == 3)
        #expect(try await phone.wait { $0.established == 3 }.established == 3)

        #expect(await phone.userAgent.drain(within: .seconds(5)) == 0)
        let ended = try await caller.wait { $0.ended.count == 3 }.ended
        #expect(ended == Array(repeating: "the other side hung up", count: 3))
        #expect(
            try await phone.wait { _ in true }.ended == Array(repeating: "we hung up", count: 3))

        try caller.call(uri, transport: transport)
        #expect(try await caller.wait { !$0.failed.isEmpty }.failed == [.serviceUnavailable])
        await phone.userAgent.stop()
        await caller.userAgent.stop()
    }

    /// A request over the path MTU goes by TCP, and by UDP where nobody takes the connection
    /// (RFC 3261 §18.1.1).
    @Test(arguments: ["tcp", "udp"])
    func largeRequests(_ transportOfThePeer: String) async throws {
        let phone = try await TestPhone.listening(["\(transportOfThePeer):127.0.0.1:0"])
        let caller = try await TestPhone.listening(["udp:127.0.0.1:0", "tcp:127.0.0.1:0"])
        let subject = String(repeating: "x", count: 5_000)
        try caller.call(
            "sip:moh@\(try await phone.endpoints()[0])", headers: [.init(.subject, subject)])
        #expect(try await phone.wait { $0.established == 1 }.established == 1)
        let invite = try await phone.wait { !$0.invited.isEmpty }.invited.first
        #expect(invite?.headers[first: .subject] == subject)
        #expect(await caller.userAgent.drain(within: .seconds(5)) == 0)
        await phone.userAgent.stop()
        await caller.userAgent.stop()
    }

    @Test func drainingIsLimitedInTime() async throws {
        let phone = try await TestPhone.listening(["udp:127.0.0.1:0"])
        let caller = try await TestPhone.listening(["udp:127.0.0.1:0"])
        try caller.call("sip:moh@\(try await phone.endpoints()[0])")
        #expect(try await phone.wait { $0.established == 1 }.established == 1)
        let address = try await caller.endpoints()[0]
        await caller.userAgent.stop()
        let silent = try PeerSocket(SOCK_DGRAM, local: address)
        #expect(await phone.userAgent.drain(within: .milliseconds(100)) == 1)
        await phone.userAgent.stop()
        #expect(silent.receiveText()?.hasPrefix("BYE ") == true)
    }

    /// A BYE that nobody answers would take 32 s.
    @Test(arguments: [
        ("udp:127.0.0.1:0", "127.0.0.1"), ("udp:0.0.0.0:0", "127.0.0.7"), ("udp:[::]:0", "[::1]"),
    ])
    func drainingDoesNotWaitWhereNobodyListens(_ listen: String, _ called: String) async throws {
        let phone = try await TestPhone.listening([listen])
        let host = called == "[::1]" ? called : "127.0.0.1"
        let callers = [
            try await TestPhone.listening(["udp:\(host):0"]),
            try await TestPhone.listening(["udp:\(host):0"]),
        ]
        let port = try await phone.endpoints()[0].port
        for caller in callers { try caller.call("sip:moh@\(called):\(port)") }
        #expect(try await phone.wait { $0.established == 2 }.established == 2)
        for caller in callers { await caller.userAgent.stop() }
        #expect(await phone.userAgent.drain(within: .seconds(20)) == 0)
        #expect(try await phone.statistics().icmpErrors.ended >= 1)
        await phone.userAgent.stop()
    }

    @Test func aCallToNobodyFailsAtOnceOverTCP() async throws {
        let caller = try await TestPhone.listening(["tcp:127.0.0.1:0"])
        let port = try PeerSocket(SOCK_STREAM, local: Endpoint(.loopbackV4, port: 0)).local.port
        try caller.call("sip:nobody@127.0.0.1:\(port);transport=tcp", transport: .tcp)
        #expect(try await caller.wait { !$0.ended.isEmpty }.ended.count == 1)
        await caller.userAgent.stop()
    }

    // MARK: Starting and bad input

    @Test func anAddressThatCannotBeBoundIsNamed() async throws {
        let first = try await TestPhone.listening(["tcp:127.0.0.1:0", "udp:127.0.0.1:0"])
        for address in try await first.userAgent.eventLoop.submit({ first.userAgent.addresses })
            .get()
        {
            let error = try await #require(throws: SocketError.self) {
                try await TestPhone(["udp:127.0.0.1:0", "\(address)"]).userAgent.start()
            }
            #expect(error.code == EADDRINUSE)
            #expect(error.operation.contains("\(address.endpoint)"))
        }
        await first.userAgent.stop()
    }

    @Test func badInputIsCountedAndTheRestGoesOn() async throws {
        let phone = try await TestPhone.listening(["udp:127.0.0.1:0"])
        let peer = try PeerSocket(SOCK_DGRAM, remote: await phone.endpoints()[0])
        for bytes in [
            [], [0x0d, 0x0a, 0x0d, 0x0a], [0x80, 0, 1, 2], Array("GET / HTTP/1.1\r\n\r\n".utf8),
        ] as [[UInt8]] {
            peer.send(bytes)
        }
        let result = try await run(
            "/usr/bin/sipsak", ["-s", "sip:ping@\(try await phone.endpoints()[0])"])
        #expect(result.status == 0)
        let statistics = try await phone.statistics()
        #expect(statistics.parseFailures.values.reduce(0, +) == 2)
        #expect(statistics.keepAlives == 2)
        await phone.userAgent.stop()
    }
}
