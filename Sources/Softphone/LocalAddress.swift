import Glibc
package import Primitives

/// The address of ours at which the way to a host starts, as the routing table has it now.
///
/// Asks the C library for a name's address, and waits for it.
package func localAddress(toward host: String) -> IPAddress? {
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "5060", &hints, &list) == 0, let first = list else { return nil }
    defer { freeaddrinfo(first) }
    var next: UnsafeMutablePointer<addrinfo>? = first
    while let candidate = next?.pointee {
        if let address = localAddress(toward: candidate) { return address }
        next = candidate.ai_next
    }
    return nil
}

/// Connecting a UDP socket sends nothing; it only asks for the route.
private func localAddress(toward candidate: addrinfo) -> IPAddress? {
    let descriptor = socket(candidate.ai_family, CInt(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard connect(descriptor, candidate.ai_addr, candidate.ai_addrlen) == 0 else { return nil }
    var raw = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let text = withUnsafeMutablePointer(to: &raw) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> String? in
            guard getsockname(descriptor, address, &length) == 0,
                getnameinfo(
                    address, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0
            else { return nil }
            return String(
                decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
    return text.flatMap { IPAddress($0) }
}
