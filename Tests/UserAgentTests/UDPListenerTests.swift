import Glibc
import Primitives
import SIP
import Testing

@testable import UserAgent

struct UDPListenerTests {
    struct Case: CustomTestStringConvertible {
        var listen: String
        var called: String
        var testDescription: String { "\(listen) called as \(called)" }
    }

    /// The peer's socket is connected: it takes answers from the address that it called only.
    @Test(arguments: [
        Case(listen: "udp:0.0.0.0:0", called: "127.0.0.1"),
        Case(listen: "udp:0.0.0.0:0", called: "127.0.0.2"),
        Case(listen: "udp:0.0.0.0:0", called: "127.1.2.3"),
        Case(listen: "udp:127.0.0.3:0", called: "127.0.0.3"),
        Case(listen: "udp:[::]:0", called: "::1"),
        Case(listen: "udp:[::1]:0", called: "::1"),
    ])
    func answersFromTheCalledAddress(_ c: Case) async throws {
        let owner = try await EchoOwner.listening([#require(ListenAddress(c.listen))])
        let port = try #require(await owner.addresses().first?.port)
        let called = Endpoint(try #require(IPAddress(c.called)), port: port)
        let peer = try PeerSocket(SOCK_DGRAM, remote: called)
        peer.send("hello")
        #expect(peer.receiveText() == "hello")
        let flow = try #require(owner.wait { !$0.received.isEmpty }.received.first?.flow)
        #expect(flow.local == called)
        #expect(flow.remote == peer.local)
        try await owner.stop()
    }

    @Test func bothFamiliesAndSeveralAddressesAtOnce() async throws {
        let owner = try await EchoOwner.listening([
            ListenAddress(.udp, Endpoint(.loopbackV4, port: 0)),
            ListenAddress(.udp, Endpoint(.anyV6, port: 0)),
            ListenAddress(.udp, Endpoint(.anyV4, port: 0)),
        ])
        for endpoint in try await owner.addresses() {
            var called = endpoint
            if endpoint.address == .anyV6 { called.address = .loopbackV6 }
            if endpoint.address == .anyV4 { called.address = IPAddress(v4: 0x7f00_0009) }
            let peer = try PeerSocket(SOCK_DGRAM, remote: called)
            peer.send("hello")
            #expect(peer.receiveText() == "hello")
        }
        try await owner.stop()
    }

    /// The largest that each family carries: 65,535 with the UDP header, and for IPv4 the IP header.
    @Test(arguments: [("127.0.0.1", 65_507), ("::1", 65_527)])
    func largestDatagram(_ address: String, _ size: Int) async throws {
        let called = try #require(IPAddress(address))
        let owner = try await EchoOwner.listening([
            ListenAddress(.udp, Endpoint(called, port: 0))
        ])
        let port = try #require(await owner.addresses().first?.port)
        let peer = try PeerSocket(SOCK_DGRAM, remote: Endpoint(called, port: port))
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        #expect(peer.send(bytes))
        #expect(peer.receive() == bytes)
        try await owner.stop()
    }

    /// More at once than one read takes, small ones and large ones mixed.
    @Test func burst() async throws {
        let owner = try await EchoOwner.listening([
            ListenAddress(.udp, Endpoint(.anyV4, port: 0))
        ])
        let port = try #require(await owner.addresses().first?.port)
        let peer = try PeerSocket(
            SOCK_DGRAM, remote: Endpoint(.loopbackV4, port: port), receiveBuffer: 1 << 20)
        let sent = (0..<100).map { i in
            [UInt8](repeating: UInt8(i), count: i % 10 == 9 ? 5_000 : 1 + i)
        }
        for bytes in sent { peer.send(bytes) }
        for bytes in sent { #expect(peer.receive() == bytes) }
        try await owner.stop()
    }

    /// Nobody listens at the peer's port: the listener must outlive the ICMP errors.
    @Test func outlivesDeadPeers() async throws {
        let owner = try await EchoOwner.listening([
            ListenAddress(.udp, Endpoint(.loopbackV4, port: 0))
        ])
        let port = try #require(await owner.addresses().first?.port)
        for _ in 0..<20 {
            let peer = try PeerSocket(SOCK_DGRAM, remote: Endpoint(.loopbackV4, port: port))
            peer.send("gone")
        }
        let peer = try PeerSocket(SOCK_DGRAM, remote: Endpoint(.loopbackV4, port: port))
        peer.send("here")
        #expect(peer.receiveText() == "here")
        #expect(owner.seen.failed.isEmpty)
        try await owner.stop()
    }

    @Test(arguments: [
        Case(listen: "udp:0.0.0.0:0", called: "127.0.0.1"),
        Case(listen: "udp:127.0.0.3:0", called: "127.0.0.4"),
        Case(listen: "udp:[::]:0", called: "::1"),
        Case(listen: "udp:[::1]:0", called: "::1"),
    ])
    func tellsWhatNobodyTook(_ c: Case) async throws {
        let owner = try await EchoOwner.listening([#require(ListenAddress(c.listen))])
        let gone = try PeerSocket(
            SOCK_DGRAM, local: Endpoint(try #require(IPAddress(c.called)), port: 0)
        ).local
        let bytes = Array("OPTIONS sip:nobody SIP/2.0\r\n".utf8)
        owner.send(
            bytes, to: .hop(NextHop(transport: .udp, host: c.called, port: gone.port)))
        let seen = owner.wait { !$0.undelivered.isEmpty }
        #expect(seen.undelivered.first?.destination == gone)
        #expect(seen.undelivered.first?.cause == .refused)
        #expect(seen.undelivered.first?.quote == bytes)
        #expect(seen.failed.isEmpty)
        try await owner.stop()
    }

    /// The kernel tells of an ICMP error to whatever call comes next, which is not to blame.
    @Test func whatGoesBetweenIsNotLost() async throws {
        let owner = try await EchoOwner.listening([
            ListenAddress(.udp, Endpoint(.loopbackV4, port: 0))
        ])
        let peer = try PeerSocket(
            SOCK_DGRAM, local: Endpoint(.loopbackV4, port: 0), receiveBuffer: 1 << 20)
        let gone = try PeerSocket(SOCK_DGRAM, local: Endpoint(.loopbackV4, port: 0)).local
        for i in 0..<200 {
            owner.send(
                [UInt8(i)], to: .hop(NextHop(transport: .udp, host: "127.0.0.1", port: gone.port)))
            owner.send(
                [UInt8(i)],
                to: .hop(NextHop(transport: .udp, host: "127.0.0.1", port: peer.local.port)))
        }
        for i in 0..<200 { #expect(peer.receive() == [UInt8(i)]) }
        #expect(owner.wait { !$0.undelivered.isEmpty }.failed.isEmpty)
        try await owner.stop()
    }

    @Test func aHopWithoutListenerOfItsFamilyFails() async throws {
        let owner = try await EchoOwner.listening([
            ListenAddress(.udp, Endpoint(.loopbackV4, port: 0))
        ])
        let hop = Destination.hop(NextHop(transport: .udp, host: "::1", port: 9))
        owner.send([1], to: hop)
        #expect(owner.wait { !$0.failed.isEmpty }.failed == [hop])
        try await owner.stop()
    }

    @Test func namesAreResolved() async throws {
        let owner = try await EchoOwner.listening([
            ListenAddress(.udp, Endpoint(.loopbackV4, port: 0))
        ])
        let peer = try PeerSocket(SOCK_DGRAM, local: Endpoint(.loopbackV4, port: 0))
        owner.send(
            [1, 2], to: .hop(NextHop(transport: .udp, host: "localhost", port: peer.local.port)))
        #expect(peer.receive() == [1, 2])
        let nowhere = Destination.hop(NextHop(transport: .udp, host: "no-such-host.invalid"))
        owner.send([3], to: nowhere)
        #expect(owner.wait { !$0.failed.isEmpty }.failed == [nowhere])
        try await owner.stop()
    }
}
