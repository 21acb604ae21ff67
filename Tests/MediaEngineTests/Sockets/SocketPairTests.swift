import Glibc
import MediaEngine
import Primitives
import Testing

/// A pair that many streams send from has two sockets on its RTP port.
@Suite struct SocketPairTests {
    @Test(arguments: ["127.0.0.1", "::1"])
    func whatArrivesComesToTheSocketThatIsRead(_ address: String) throws {
        let address = try #require(IPAddress(address))
        var ports = PortPairs(28_000...28_999, start: Int.random(in: 0..<400))
        let pair = try ports.take(on: address, dscp: 46, bufferOctets: 1 << 18, isShared: true)
        #expect(pair.small.local == pair.rtp.local)
        #expect(pair.small.descriptor != pair.rtp.descriptor)

        let phone = try TestSocket(address)
        for octet in 0..<100 as Range<UInt8> { phone.send([octet], to: pair.rtp.local) }
        #expect(read(pair.rtp).count == 100)
        #expect(read(pair.small).isEmpty)
    }

    @Test func thePortIsNobodyElses() throws {
        let address = try #require(IPAddress("127.0.0.1"))
        var ports = PortPairs(29_000...29_999, start: Int.random(in: 0..<400))
        let pair = try ports.take(on: address, dscp: 46, bufferOctets: 1 << 18, isShared: true)
        for reusesAddress in [false, true] {
            let error = #expect(throws: MediaEngineError.self) {
                _ = try UDPSocket(
                    pair.rtp.local, dscp: 46, bufferOctets: 1 << 18, reusesAddress: reusesAddress)
            }
            guard case .system("bind", EADDRINUSE, _)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test func whatMayNotFitLeavesFromTheOther() throws {
        let address = try #require(IPAddress("127.0.0.1"))
        var ports = PortPairs(27_000...27_999, start: Int.random(in: 0..<400))
        let pair = try ports.take(on: address, dscp: 46, bufferOctets: 1 << 18, isShared: true)
        #expect(pair.sending(1232).descriptor == pair.small.descriptor)
        #expect(pair.sending(1233).descriptor == pair.rtp.descriptor)
    }

    private func read(_ socket: UDPSocket) -> [UInt8] {
        var all: [UInt8] = []
        var octet: UInt8 = 0
        while recv(socket.descriptor, &octet, 1, Int32(MSG_DONTWAIT)) == 1 {
            all.append(octet)
        }
        return all
    }
}
