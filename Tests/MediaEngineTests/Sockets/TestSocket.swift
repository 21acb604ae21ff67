import Glibc
import MediaEngine
import Primitives
import Sockets

/// A listener's UDP socket on loopback. Reading waits, for a limited time.
final class TestSocket {
    struct Failed: Error {
        let call: String
        let errno: Int32
    }

    let descriptor: Int32
    private(set) var local: Endpoint

    init(_ address: IPAddress = .loopbackV4, port: UInt16 = 0) throws {
        descriptor = socket(
            address.isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        local = Endpoint(address, port: port)
        guard descriptor >= 0 else { throw Failed(call: "socket", errno: errno) }
        if address.isMulticast {
            var one: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        }
        let wanted = SocketAddress(local)
        guard wanted.withSockAddr({ bind(descriptor, $0, $1) }) == 0 else {
            throw Failed(call: "bind", errno: errno)
        }
        var found = SocketAddress()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &found.storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { throw Failed(call: "getsockname", errno: errno) }
        found.length = length
        local = found.endpoint ?? local
    }

    deinit { close(descriptor) }

    /// Hears a group on the loopback interface.
    func join() throws {
        var request = ip_mreqn()
        request.imr_multiaddr.s_addr = (local.address.v4 ?? 0).bigEndian
        request.imr_address.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = setsockopt(
            descriptor, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &request,
            socklen_t(MemoryLayout<ip_mreqn>.size))
        guard result == 0 else { throw Failed(call: "IP_ADD_MEMBERSHIP", errno: errno) }
    }

    /// An RTP socket on an even port and an RTCP socket on the one above.
    static func pair(_ address: IPAddress = .loopbackV4) throws -> (TestSocket, TestSocket) {
        for _ in 0..<100 {
            let rtp = try TestSocket(address)
            guard rtp.local.port % 2 == 0, rtp.local.port < 65_535 else { continue }
            if let rtcp = try? TestSocket(address, port: rtp.local.port + 1) { return (rtp, rtcp) }
        }
        throw Failed(call: "bind", errno: EADDRINUSE)
    }

    /// - Returns: nil when nothing comes in time.
    func receive(within milliseconds: Int = 3000) -> SentPacket? {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, Int32(milliseconds)) == 1 else { return nil }
        var octets = [UInt8](repeating: 0, count: 2048)
        var source = SocketAddress()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let count = withUnsafeMutablePointer(to: &source.storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(descriptor, &octets, 2048, 0, $0, &length)
            }
        }
        guard count >= 0 else { return nil }
        source.length = length
        return SentPacket(
            tick: TestSocket.now.nanoseconds / 1_000_000, socket: descriptor,
            destination: source.endpoint, octets: Array(octets[..<count]))
    }

    /// - Returns: what comes within the time, `most` packets at most.
    func receive(_ most: Int, within milliseconds: Int = 5000) -> [SentPacket] {
        let end = TestSocket.now + .milliseconds(milliseconds)
        var result: [SentPacket] = []
        while result.count < most {
            let left = (end - TestSocket.now).nanoseconds / 1_000_000
            guard left > 0, let packet = receive(within: Int(left)) else { break }
            result.append(packet)
        }
        return result
    }

    func send(_ octets: [UInt8], to destination: Endpoint) {
        let address = SocketAddress(destination)
        _ = address.withSockAddr { sendto(descriptor, octets, octets.count, 0, $0, $1) }
    }

    static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static var wall: WallClockTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallClockTime(
            nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
