import CLinux
import Glibc
import Primitives

/// The descriptor of a UDP socket; who opens one closes it (NIO does after `withBoundSocket`).
///
/// Receiving is NIO's part. Sending is done here, because NIO 2.101 reads the packet information of
/// what it receives but can't set the source address of what it sends.
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
            CInt(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError("socket", code: errno) }
        let opened = UDPSocket(descriptor: descriptor)
        do throws(SocketError) {
            if isIPv6 { try opened.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
            try opened.setBuffer(SO_RCVBUF, privileged: SO_RCVBUFFORCE, octets: receiveBuffer)
            try opened.setBuffer(SO_SNDBUF, privileged: SO_SNDBUFFORCE, octets: sendBuffer)
            // A large message goes out in fragments, whatever path MTU the kernel remembers.
            try opened.set(
                CInt(isIPv6 ? IPPROTO_IPV6 : IPPROTO_IP),
                isIPv6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
            guard endpoint.withSockAddr({ bind(descriptor, $0, $1) }) == 0 else {
                throw SocketError("bind udp \(endpoint)", code: errno)
            }
        } catch {
            close(descriptor)
            throw error
        }
        return opened
    }

    /// Sends one datagram from `source` (nil: as the socket is bound, or as the kernel chooses).
    /// - Returns: 0, or the error's number; EAGAIN when the socket's buffer is full.
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
