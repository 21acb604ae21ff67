import CLinux
import Glibc
package import Primitives
import Sockets

/// An unconnected UDP socket on one unicast address; closed when nobody refers to it any more.
package final class UDPSocket: Sendable {
    package let descriptor: Int32
    package let local: Endpoint
    /// That all it sends leaves by, or whose VRF decides; 0 for any. We bind it to none, but `ip vrf exec`
    /// and BindNetworkInterface of systemd do.
    package let device: Int32

    /// - Parameters:
    ///   - bufferOctets: what may wait in each direction.
    ///   - isForSmall: nothing is ever cut into fragments. Else what is longer than the path takes is,
    ///     once the kernel has learnt of it; for that the kernel numbers every packet, which took 11 %
    ///     of all sending here.
    package init(
        _ local: Endpoint, dscp: UInt8, bufferOctets: Int32, isForSmall: Bool = false,
        reusesAddress: Bool = false
    ) throws(MediaEngineError) {
        let isIPv6 = local.address.isIPv6
        let kind =
            Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, kind, 0)
        self.local = local
        var device: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        _ = getsockopt(descriptor, SOL_SOCKET, SO_BINDTOIFINDEX, &device, &length)
        self.device = device
        guard descriptor >= 0 else {
            throw .system(call: "socket", errno: errno, at: "\(local)")
        }
        let fd = descriptor
        if isIPv6 {
            set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
            set(
                Int32(IPPROTO_IPV6), IPV6_MTU_DISCOVER,
                isForSmall ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_WANT)
            set(Int32(IPPROTO_IPV6), IPV6_RECVERR, 1)
        } else {
            set(Int32(IPPROTO_IP), IP_MTU_DISCOVER, isForSmall ? IP_PMTUDISC_DO : IP_PMTUDISC_WANT)
            set(Int32(IPPROTO_IP), IP_RECVERR, 1)
        }
        mark(dscp)
        // The FORCE forms need CAP_NET_ADMIN; without it the system's limits hold.
        for (force, plain) in [(SO_SNDBUFFORCE, SO_SNDBUF), (SO_RCVBUFFORCE, SO_RCVBUF)]
        where !set(SOL_SOCKET, force, bufferOctets) {
            set(SOL_SOCKET, plain, bufferOctets)
        }
        if reusesAddress { set(SOL_SOCKET, SO_REUSEADDR, 1) }
        let address = SocketAddress(local)
        let result = address.withSockAddr { bind(fd, $0, $1) }
        guard result == 0 else {
            throw .system(call: "bind", errno: errno, at: "\(local)")
        }
    }

    /// A second socket on the address of `other`: from now on it gets all that arrives there, ICMP
    /// errors included, and `other` only sends.
    ///
    /// A socket that somebody waits for is dear to send from: Linux tells the waiting epoll of
    /// every packet that has left, under a lock, which took 6 % of all sending here. Of two
    /// unconnected sockets on one address the kernel gives a datagram to the one bound last
    /// (socket(7), SO_REUSEADDR). Afterwards nobody else can bind the address.
    convenience init(
        beside other: UDPSocket, dscp: UInt8, bufferOctets: Int32
    ) throws(MediaEngineError) {
        other.set(SOL_SOCKET, SO_REUSEADDR, 1)
        defer { other.set(SOL_SOCKET, SO_REUSEADDR, 0) }
        try self.init(other.local, dscp: dscp, bufferOctets: bufferOctets, reusesAddress: true)
        set(SOL_SOCKET, SO_REUSEADDR, 0)
    }

    /// Gives packets to come a differentiated services code point.
    package func mark(_ dscp: UInt8) {
        if local.address.isIPv6 {
            set(Int32(IPPROTO_IPV6), IPV6_TCLASS, Int32(dscp) << 2)
        } else {
            set(Int32(IPPROTO_IP), IP_TOS, Int32(dscp) << 2)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    @discardableResult
    func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
            == 0
    }

    /// Sends one datagram without waiting; one that can't go is lost, as on the wire.
    package func send(_ datagram: [UInt8], to remote: Endpoint) {
        let address = SocketAddress(remote)
        datagram.withUnsafeBytes { octets in
            address.withSockAddr {
                _ = sendto(
                    descriptor, octets.baseAddress, octets.count, Int32(MSG_DONTWAIT), $0, $1)
            }
        }
    }

    /// Takes all ICMP errors that wait.
    package func receiveErrors(_ body: (_ destination: Endpoint, _ code: Int32) -> Void) {
        SentDatagramError.takeAll(from: descriptor) { body($0.destination, $0.code) }
    }
}
