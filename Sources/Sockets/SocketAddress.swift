package import Glibc
package import Primitives

/// An address as the kernel takes it; with no length it is none at all.
package struct SocketAddress: Sendable {
    package var storage = sockaddr_in6()
    package var length: socklen_t = 0

    package init() {}

    /// What the kernel has filled in.
    package init(_ filled: sockaddr_storage) {
        withUnsafeBytes(of: filled) { filled in
            withUnsafeMutableBytes(of: &storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: filled[..<$0.count]))
            }
        }
        length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    }

    package init(_ endpoint: Endpoint?) {
        guard let endpoint else { return }
        if let v4 = endpoint.address.v4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = endpoint.port.bigEndian
            address.sin_addr.s_addr = v4.bigEndian
            withUnsafeMutableBytes(of: &storage) { storage in
                withUnsafeBytes(of: address) { storage.copyMemory(from: $0) }
            }
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
        } else {
            storage.sin6_family = sa_family_t(AF_INET6)
            storage.sin6_port = endpoint.port.bigEndian
            withUnsafeMutableBytes(of: &storage.sin6_addr) { octets in
                octets.storeBytes(of: endpoint.address.high.bigEndian, as: UInt64.self)
                octets.storeBytes(
                    of: endpoint.address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }

    package var isNone: Bool { length == 0 }

    /// Calls `body` with the address as the system calls want it.
    package func withSockAddr<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
    ) rethrows -> Result {
        try withUnsafePointer(to: storage) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, length) }
        }
    }

    /// nil for none, and for families that are not IP.
    package var endpoint: Endpoint? {
        if Int32(storage.sin6_family) == AF_INET {
            let v4 = withUnsafeBytes(of: storage) { $0.load(as: sockaddr_in.self) }
            return Endpoint(
                IPAddress(v4: UInt32(bigEndian: v4.sin_addr.s_addr)),
                port: UInt16(bigEndian: v4.sin_port))
        }
        guard Int32(storage.sin6_family) == AF_INET6 else { return nil }
        let (high, low) = withUnsafeBytes(of: storage.sin6_addr) {
            (
                UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        return Endpoint(IPAddress(v6: high, low), port: UInt16(bigEndian: storage.sin6_port))
    }
}
