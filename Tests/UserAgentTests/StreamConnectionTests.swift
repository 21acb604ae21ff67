import Glibc
import Primitives
import SIP
import Testing

@testable import UserAgent

struct StreamConnectionTests {
    /// A listener on 127.0.0.1 and the way to it.
    private func listen(
        _ limits: TransportLimits = TransportLimits()
    ) async throws -> (EchoOwner, Endpoint) {
        let owner = try await EchoOwner.listening(
            [ListenAddress(.tcp, Endpoint(.loopbackV4, port: 0))], limits: limits)
        return (owner, try await owner.addresses()[0])
    }

    private func options(
        _ branch: String, length: String = "Content-Length: 0\r\n", body: String = ""
    )
        -> String
    {
        """
        OPTIONS sip:pbx.example.com SIP/2.0\r
        Via: SIP/2.0/TCP 198.51.100.21:5071;branch=z9hG4bK\(branch)\r
        From: <sip:201@pbx.example.com>;tag=g14\r
        To: <sip:pbx.example.com>\r
        Call-ID: \(branch)@198.51.100.21\r
        CSeq: 1 OPTIONS\r
        Max-Forwards: 70\r
        \(length)\r
        \(body)
        """
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func oneOctetAtATime(_ address: String) async throws {
        let owner = try await EchoOwner.listening([
            ListenAddress(.tcp, Endpoint(#require(IPAddress(address)), port: 0))
        ])
        let peer = try PeerSocket(SOCK_STREAM, remote: await owner.addresses()[0])
        let message = options("split", length: "Content-Length: 5\r\n", body: "hello")
        for octet in message.utf8 { peer.send([octet]) }
        #expect(peer.receiveExactly(message.utf8.count) == Array(message.utf8))
        #expect(owner.wait { !$0.received.isEmpty }.received.count == 1)
        try await owner.stop()
    }

    /// G14: the first has no Content-Length.
    @Test func severalInOneWrite() async throws {
        let (owner, address) = try await listen()
        let peer = try PeerSocket(SOCK_STREAM, remote: address)
        let parts = [
            options("g14a", length: ""), options("g14b"),
            options("g14c", length: "l: 3\r\n", body: "a\r\n"), options("g14d"),
        ]
        peer.send(parts.joined())
        _ = peer.receiveExactly(parts.joined().utf8.count)
        let received = owner.wait { $0.received.count >= 4 }.received
        #expect(received.map { String(decoding: $0.bytes, as: UTF8.self) } == parts)
        try await owner.stop()
    }

    /// G15: each gets exactly one CRLF back, whatever the reads are.
    @Test(arguments: [["\r\n\r\n"], ["\r\n", "\r\n"], ["\r", "\n\r\n"], ["\r\n\r", "\n"]])
    func pingGetsPong(_ writes: [String]) async throws {
        let (owner, address) = try await listen()
        let peer = try PeerSocket(SOCK_STREAM, remote: address)
        for write in writes { peer.send(write) }
        #expect(peer.receiveText() == "\r\n")
        // What follows shows that nothing else was sent.
        let message = options("g15")
        peer.send(message)
        #expect(peer.receiveExactly(message.utf8.count) == Array(message.utf8))
        try await owner.stop()
    }

    @Test(arguments: [("\r\n", ""), ("", "a\r\n\r\n\r\nb")])
    func noPong(_ before: String, _ body: String) async throws {
        let (owner, address) = try await listen()
        let peer = try PeerSocket(SOCK_STREAM, remote: address)
        let message = options(
            "g15", length: "Content-Length: \(body.utf8.count)\r\n", body: body)
        peer.send(before + message)
        #expect(peer.receiveExactly(message.utf8.count) == Array(message.utf8))
        let last = options("last")
        peer.send(last)
        #expect(peer.receiveExactly(last.utf8.count) == Array(last.utf8))
        try await owner.stop()
    }

    @Test(arguments: [
        "Content-Length: many\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999999\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n",
    ])
    func aBrokenFrameClosesItsOwnConnectionOnly(_ length: String) async throws {
        let (owner, address) = try await listen()
        let good = try PeerSocket(SOCK_STREAM, remote: address)
        let bad = try PeerSocket(SOCK_STREAM, remote: address)
        bad.send(options("bad", length: length))
        #expect(bad.receive() == [])
        #expect(owner.wait { !$0.closed.isEmpty }.closed.map(\.cause) == ["broken-frame"])
        let message = options("good")
        good.send(message)
        #expect(good.receiveExactly(message.utf8.count) == Array(message.utf8))
        try await owner.stop()
    }

    @Test func anOctetNowAndThenDoesNotHoldAConnectionOpen() async throws {
        var limits = TransportLimits()
        limits.messageTime = .milliseconds(300)
        let (owner, address) = try await listen(limits)
        let peer = try PeerSocket(SOCK_STREAM, remote: address)
        let message = options("slow")
        peer.send(message)
        _ = peer.receiveExactly(message.utf8.count)
        peer.setTimeout(.milliseconds(20))
        let start = Instant.now
        var octets = Array(message.utf8).makeIterator()
        while let octet = octets.next(), peer.send([octet]) {
            if peer.receive() == [] { break }
        }
        #expect(owner.wait { !$0.closed.isEmpty }.closed.map(\.cause) == ["slow"])
        #expect(Instant.now - start < .seconds(3))
        try await owner.stop()
    }

    @Test func aConnectionThatSaysNothingIsClosed() async throws {
        var limits = TransportLimits()
        limits.firstMessageTime = .milliseconds(100)
        let (owner, address) = try await listen(limits)
        let peer = try PeerSocket(SOCK_STREAM, remote: address)
        #expect(peer.receive() == [])
        #expect(owner.wait { !$0.closed.isEmpty }.closed.map(\.cause) == ["slow"])
        try await owner.stop()
    }

    @Test func anIdleConnectionIsClosed() async throws {
        var limits = TransportLimits()
        limits.idleTime = .milliseconds(100)
        let (owner, address) = try await listen(limits)
        let peer = try PeerSocket(SOCK_STREAM, remote: address)
        peer.send("\r\n\r\n")
        #expect(peer.receiveText() == "\r\n")
        #expect(peer.receive() == [])
        #expect(owner.wait { !$0.closed.isEmpty }.closed.map(\.cause) == ["idle"])
        try await owner.stop()
    }

    @Test func aPeerThatDoesNotReadIsCutOff() async throws {
        var limits = TransportLimits()
        limits.writeBuffer = 100_000
        let (owner, address) = try await listen(limits)
        let peer = try PeerSocket(SOCK_STREAM, remote: address, receiveBuffer: 4_096)
        let message = options(
            "big", length: "Content-Length: 60000\r\n", body: String(repeating: "x", count: 60_000))
        peer.setTimeout(.milliseconds(1))
        for _ in 0..<500 where owner.seen.closed.isEmpty {
            if !peer.send(message) { break }
        }
        #expect(owner.wait { !$0.closed.isEmpty }.closed.map(\.cause) == ["write-buffer-full"])
        try await owner.stop()
    }

    @Test func connectionsAboveTheLimitAreRefused() async throws {
        var limits = TransportLimits()
        limits.maximumConnections = 3
        limits.maximumConnectionsPerAddress = 2
        let (owner, address) = try await listen(limits)
        var peers = try (0..<2).map { _ in try PeerSocket(SOCK_STREAM, remote: address) }
        #expect(owner.wait { $0.opened.count == 2 }.opened.count == 2)
        let third = try PeerSocket(SOCK_STREAM, remote: address)
        #expect(third.receive() == [])
        func from(_ last: UInt32) throws -> PeerSocket {
            try PeerSocket(
                SOCK_STREAM, local: Endpoint(IPAddress(v4: 0x7f00_0000 | last), port: 0),
                remote: address)
        }
        peers.append(try from(5))
        #expect(owner.wait { $0.opened.count == 3 }.opened.count == 3)
        #expect(try from(6).receive() == [])
        #expect(owner.wait { $0.refused == 2 }.refused == 2)
        // A place that is given back is taken again.
        peers.removeLast()
        #expect(owner.wait { !$0.closed.isEmpty }.closed.map(\.cause) == ["by-peer"])
        let next = try from(7)
        next.send("\r\n\r\n")
        #expect(next.receiveText() == "\r\n")
        try await owner.stop()
    }

    // MARK: Connections of ours

    @Test func messagesToOneHopShareAConnection() async throws {
        let (owner, _) = try await listen()
        let server = try PeerSocket(SOCK_STREAM, local: Endpoint(.loopbackV4, port: 0))
        server.listen()
        let hop = Destination.hop(
            NextHop(
                transport: .tcp, host: "127.0.0.1", port: server.local.port,
                local: IPAddress(v4: 0x7f00_0004)))
        let messages = (0..<3).map { options("out\($0)") }
        owner.send(Array(messages[0].utf8), to: hop)
        owner.send(Array(messages[1].utf8), to: hop)
        let peer = try #require(server.accept())
        let text = messages[0] + messages[1]
        #expect(peer.receiveExactly(text.utf8.count) == Array(text.utf8))
        owner.send(Array(messages[2].utf8), to: hop)
        #expect(peer.receiveExactly(messages[2].utf8.count) == Array(messages[2].utf8))
        let opened = owner.wait { !$0.opened.isEmpty }.opened
        #expect(opened.map(\.remote) == [server.local])
        #expect(opened.first?.local.address == IPAddress(v4: 0x7f00_0004))
        #expect(opened.first?.local.port != 0)
        try await owner.stop()
    }

    @Test func aRefusedConnectionIsATransportFailure() async throws {
        let (owner, _) = try await listen()
        // A port that was free a moment ago and that nobody listens on.
        let port = try PeerSocket(SOCK_STREAM, local: Endpoint(.loopbackV4, port: 0)).local.port
        let hop = Destination.hop(NextHop(transport: .tcp, host: "127.0.0.1", port: port))
        owner.send([1], to: hop)
        owner.send([2], to: hop)
        #expect(owner.wait { $0.failed.count >= 2 }.failed == [hop, hop])
        #expect(try await owner.openConnections() == 0)
        try await owner.stop()
    }

    /// A phone that listens nowhere is reached by the connection that it made.
    @Test func theOnlyConnectionFromThatAddressServesWhenAnotherCannotBeMade() async throws {
        let (owner, address) = try await listen()
        let port = try PeerSocket(SOCK_STREAM, local: Endpoint(.loopbackV4, port: 0)).local.port
        let phone = try PeerSocket(
            SOCK_STREAM, local: Endpoint(IPAddress(v4: 0x7f00_0008), port: 0), remote: address)
        #expect(owner.wait { !$0.opened.isEmpty }.opened.count == 1)
        owner.send([1, 2], to: .hop(NextHop(transport: .tcp, host: "127.0.0.8", port: port)))
        #expect(phone.receive() == [1, 2])
        try await owner.stop()
    }

    @Test func aResetConnectionFailsWhatWentByIt() async throws {
        let (owner, _) = try await listen()
        let server = try PeerSocket(SOCK_STREAM, local: Endpoint(.loopbackV4, port: 0))
        server.listen()
        let hop = Destination.hop(
            NextHop(transport: .tcp, host: "127.0.0.1", port: server.local.port))
        owner.send(Array(options("reset").utf8), to: hop)
        do {
            // Closed with octets unread: the kernel sends RST.
            let peer = try #require(server.accept())
            _ = peer.receive(1)
        }
        #expect(owner.wait { !$0.failed.isEmpty }.failed == [hop])
        try await owner.stop()
    }

    @Test func aFlowWhoseConnectionIsGoneFails() async throws {
        let (owner, address) = try await listen()
        do {
            let peer = try PeerSocket(SOCK_STREAM, remote: address)
            peer.send("\r\n\r\n")
            _ = peer.receive()
        }
        let closed = try #require(owner.wait { !$0.closed.isEmpty }.closed.first?.flow)
        owner.send([1], to: .flow(closed))
        #expect(owner.wait { !$0.failed.isEmpty }.failed == [.flow(closed)])
        try await owner.stop()
    }
}
