import CLinux
package import Primitives

/// What the kernel says of a datagram that left by a socket (`IP_RECVERR`, ip(7)).
package struct SentDatagramError: Sendable {
    /// Where the datagram was going.
    package var destination: Endpoint
    /// The `errno` that the error stands for.
    package var code: Int32
    /// Type and code of the ICMP message, where it is one; of ICMPv6 where the destination is IPv6.
    package var icmp: (type: UInt8, code: UInt8)?
    /// The datagram's first octets, as far as the ICMP message quotes them.
    package var quote: [UInt8]

    /// Takes all errors that wait in a socket.
    /// - Parameter quote: how many octets of each datagram are wanted.
    package static func takeAll(
        from descriptor: Int32, quote: Int = 0, _ body: (SentDatagramError) -> Void
    ) {
        withUnsafeTemporaryAllocation(byteCount: max(quote, 1), alignment: 1) { room in
            var error = clinux_socket_error()
            // Bounded, so that a flood of them does not hold up the rest.
            for _ in 0..<256
            where clinux_receive_error(descriptor, &error, room.baseAddress, quote) == 1 {
                guard let endpoint = SocketAddress(error.destination).endpoint else { continue }
                body(
                    SentDatagramError(
                        destination: endpoint, code: error.code,
                        icmp: error.is_icmp == 0 ? nil : (error.icmp_type, error.icmp_code),
                        quote: Array(room[..<min(error.count, quote)])))
            }
        }
    }
}
