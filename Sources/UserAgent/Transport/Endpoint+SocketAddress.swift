import Glibc
import NIOCore
import Primitives
import Sockets

extension Endpoint {
    /// Nil for anything but IPv4 and IPv6. A zone is dropped.
    init?(_ address: NIOCore.SocketAddress) {
        switch address {
        case .v4(let v4):
            let raw = v4.address
            self.init(
                IPAddress(v4: UInt32(bigEndian: raw.sin_addr.s_addr)),
                port: UInt16(bigEndian: raw.sin_port))
        case .v6(let v6):
            let raw = v6.address
            self.init(IPAddress(raw.sin6_addr), port: UInt16(bigEndian: raw.sin6_port))
        case .unixDomainSocket:
            return nil
        }
    }

    var socketAddress: NIOCore.SocketAddress {
        if let v4 = address.v4 {
            return NIOCore.SocketAddress(sockaddr_in(v4, port: port), host: "")
        }
        return NIOCore.SocketAddress(sockaddr_in6(address, port: port), host: "")
    }

    /// Calls `body` with the address as the system calls want it.
    func withSockAddr<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
    ) rethrows -> Result {
        try Sockets.SocketAddress(self).withSockAddr(body)
    }
}

extension IPAddress {
    init(_ raw: in6_addr) {
        // An IPv4-mapped address can't appear: every IPv6 socket is IPV6_V6ONLY.
        let words = withUnsafeBytes(of: raw) {
            (
                UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(v6: words.0, words.1)
    }
}

extension sockaddr_in {
    init(_ v4: UInt32, port: UInt16) {
        self.init()
        sin_family = sa_family_t(AF_INET)
        sin_port = port.bigEndian
        sin_addr = in_addr(s_addr: v4.bigEndian)
    }
}

extension sockaddr_in6 {
    init(_ address: IPAddress, port: UInt16) {
        self.init()
        sin6_family = sa_family_t(AF_INET6)
        sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &sin6_addr) {
            $0.storeBytes(of: address.high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
    }
}
