import Glibc
import Primitives
import Sockets

@testable import UserAgent

/// A plain blocking socket, as an independent peer of the code under test.
final class PeerSocket {
    private let descriptor: CInt

    /// A UDP or TCP socket, bound to `local` when given, connected to `remote` when given.
    init(
        _ type: __socket_type, local: Endpoint? = nil, remote: Endpoint? = nil,
        receiveBuffer: CInt? = nil
    ) throws {
        let isIPv6 = (local ?? remote)?.address.isIPv6 == true
        descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, CInt(type.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError("socket", code: errno) }
        if var receiveBuffer {
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer,
                socklen_t(MemoryLayout<CInt>.size))
        }
        setTimeout(.seconds(5))
        if let local, local.withSockAddr({ bind(descriptor, $0, $1) }) != 0 {
            throw SocketError("bind", code: errno)
        }
        if let remote, remote.withSockAddr({ connect(descriptor, $0, $1) }) != 0 {
            throw SocketError("connect", code: errno)
        }
    }

    private init(accepted: CInt) { descriptor = accepted }

    deinit { close(descriptor) }

    var local: Endpoint {
        var raw = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &raw) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &length)
            }
        }
        return PeerSocket.endpoint(raw)
    }

    func setTimeout(_ interval: Interval) {
        var time = timeval(
            tv_sec: Int(interval.nanoseconds / 1_000_000_000),
            tv_usec: Int(interval.nanoseconds % 1_000_000_000 / 1_000))
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// - Returns: false when not all of it was taken.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        return Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(text.utf8) }

    @discardableResult
    func send(_ bytes: [UInt8], to remote: Endpoint) -> Bool {
        remote.withSockAddr {
            sendto(descriptor, bytes, bytes.count, 0, $0, $1) == bytes.count
        }
    }

    /// What one call of recv gives: a datagram, or what is there of a stream; empty at its end; nil
    /// when nothing came in time.
    func receive(_ count: Int = 65_536) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        let result = recv(descriptor, &buffer, count, 0)
        guard result >= 0 else { return errno == ECONNRESET ? [] : nil }
        return Array(buffer.prefix(result))
    }

    func receiveText() -> String? { receive().map { String(decoding: $0, as: UTF8.self) } }

    /// A datagram with its sender.
    func receiveFrom() -> ([UInt8], Endpoint)? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var raw = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &raw) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
            }
        }
        guard result >= 0 else { return nil }
        return (Array(buffer.prefix(result)), PeerSocket.endpoint(raw))
    }

    /// Reads a stream until it holds `count` octets, or ends.
    func receiveExactly(_ count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, let more = receive(count - all.count), !more.isEmpty {
            all += more
        }
        return all
    }

    func listen() { Glibc.listen(descriptor, 16) }

    func accept() -> PeerSocket? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        let peer = PeerSocket(accepted: accepted)
        peer.setTimeout(.seconds(5))
        return peer
    }

    private static func endpoint(_ raw: sockaddr_storage) -> Endpoint {
        SocketAddress(raw).endpoint ?? Endpoint(.anyV4, port: 0)
    }
}
