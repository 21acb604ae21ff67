import CLinux
import Glibc
import Primitives
import Sockets

/// The descriptor of a UDP socket; who opens one closes it.
///
/// Reading waits, sending does not. The kernel notes the address that a datagram called, and the
/// ICMP errors about what was sent.
struct UDPSocket {
    let descriptor: CInt

    /// Opens a socket and binds it to `endpoint`; port 0 takes a free one.
    /// - Parameter receiveBuffer: octets; above the system's limit only a privileged process gets it.
    static func open(
        _ endpoint: Endpoint, receiveBuffer: Int, sendBuffer: Int
    ) throws(SocketError) -> UDPSocket {
        let isIPv6 = endpoint.address.isIPv6
        let descriptor = socket(
            isIPv6 ? AF_INET6 : AF_INET,
            CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError("socket", code: errno) }
        let opened = UDPSocket(descriptor: descriptor)
        do throws(SocketError) {
            if isIPv6 { try opened.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
            try opened.setBuffer(SO_RCVBUF, privileged: SO_RCVBUFFORCE, octets: receiveBuffer)
            try opened.setBuffer(SO_SNDBUF, privileged: SO_SNDBUFFORCE, octets: sendBuffer)
            let level = CInt(isIPv6 ? IPPROTO_IPV6 : IPPROTO_IP)
            // A large message goes out in fragments. Over IPv4 any router may cut it further; over
            // IPv6 the kernel learns from ICMP how long a fragment may be, for the next sending.
            try opened.set(
                level, isIPv6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
            try opened.set(level, isIPv6 ? IPV6_RECVPKTINFO : IP_PKTINFO, 1)
            try opened.set(level, isIPv6 ? IPV6_RECVERR : IP_RECVERR, 1)
            guard endpoint.withSockAddr({ bind(descriptor, $0, $1) }) == 0 else {
                throw SocketError("bind udp \(endpoint)", code: errno)
            }
        } catch {
            close(descriptor)
            throw error
        }
        return opened
    }

    /// The port that was taken for port 0.
    var port: UInt16? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        return code == 0 ? SocketAddress(storage).endpoint?.port : nil
    }

    /// Sends one datagram from `source` (nil: as the socket is bound, or as the kernel chooses).
    /// - Returns: 0, or the error's number; EAGAIN when the socket's buffer is full. The error may be
    ///   that of a datagram which was sent before: then this one has not gone.
    func send(_ bytes: [UInt8], to remote: Endpoint, from source: IPAddress?) -> CInt {
        bytes.withUnsafeBytes { octets in
            remote.withSockAddr { to, length in
                guard let source else {
                    return clinux_send_from(
                        descriptor, octets.baseAddress, octets.count, to, length, nil)
                }
                return Endpoint(source, port: 0).withSockAddr { from, _ in
                    clinux_send_from(
                        descriptor, octets.baseAddress, octets.count, to, length, from)
                }
            }
        }
    }

    private func setBuffer(_ name: CInt, privileged: CInt, octets: Int) throws(SocketError) {
        let value = CInt(clamping: octets)
        var forced = value
        if setsockopt(
            descriptor, SOL_SOCKET, privileged, &forced, socklen_t(MemoryLayout<CInt>.size)) == 0
        {
            return
        }
        try set(SOL_SOCKET, name, value)
    }

    private func set(_ level: CInt, _ name: CInt, _ value: CInt) throws(SocketError) {
        var value = value
        guard
            setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<CInt>.size)) == 0
        else { throw SocketError("setsockopt \(level)/\(name)", code: errno) }
    }
}
