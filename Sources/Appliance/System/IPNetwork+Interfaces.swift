import Glibc
internal import Primitives

extension IPNetwork {
    /// The networks of this host's interfaces that are up (getifaddrs(3)); empty when the kernel
    /// tells none.
    static var ofInterfaces: [IPNetwork] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var networks: [IPNetwork] = []
        var next = first
        while let interface = next?.pointee {
            next = interface.ifa_next
            guard interface.ifa_flags & UInt32(IFF_UP) != 0,
                let address = interface.ifa_addr.flatMap(IPAddress.init(socketAddress:)),
                let mask = interface.ifa_netmask.flatMap(IPAddress.init(socketAddress:)),
                let network = IPNetwork(
                    address, prefixLength: mask.high.nonzeroBitCount + mask.low.nonzeroBitCount),
                !networks.contains(network)
            else { continue }
            networks.append(network)
        }
        return networks
    }
}

extension IPAddress {
    /// nil for other families than AF_INET and AF_INET6.
    fileprivate init?(socketAddress: UnsafeMutablePointer<sockaddr>) {
        switch Int32(socketAddress.pointee.sa_family) {
        case AF_INET:
            self = socketAddress.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                IPAddress(v4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            self = socketAddress.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { octets in
                    IPAddress(
                        v6: UInt64(bigEndian: octets.loadUnaligned(as: UInt64.self)),
                        UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
                }
            }
        default:
            return nil
        }
    }
}
