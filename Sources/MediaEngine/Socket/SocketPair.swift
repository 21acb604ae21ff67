import Glibc
package import Primitives

/// An even port for RTP and the odd one above for RTCP (RFC 3550 §11).
package struct SocketPair: Sendable {
    /// What arrives for RTP is read here, and packets leave from here that a path may be too narrow for.
    package let rtp: UDPSocket
    package let rtcp: UDPSocket
    /// Other packets leave from here: `rtp` itself, or a socket beside it.
    package let small: UDPSocket

    init(rtp: UDPSocket, rtcp: UDPSocket, small: UDPSocket? = nil) {
        self.rtp = rtp
        self.rtcp = rtcp
        self.small = small ?? rtp
    }

    /// Octets that every path takes with the headers of IPv6 and UDP (RFC 8200 §5).
    private static let octetsThatPass = 1280 - 40 - 8

    /// The socket from which packets of so many octets of RTP leave.
    package func sending(_ octets: Int) -> UDPSocket {
        octets > SocketPair.octetsThatPass ? rtp : small
    }
}

/// Hands out pairs of ports in turn, so that a port just freed is the last to be used again.
package struct PortPairs: Sendable {
    private let ports: ClosedRange<UInt16>
    private let count: Int
    private var next = 0

    /// - Parameter start: where in the range to begin, so that processes differ.
    package init(_ ports: ClosedRange<UInt16>, start: Int) {
        self.ports = ports
        let first = Int(ports.lowerBound) + Int(ports.lowerBound) % 2
        count = max(0, (Int(ports.upperBound) - first + 1) / 2)
        if count > 0 { next = start % count }
    }

    /// Binds the next free pair.
    ///
    /// - Parameter isShared: thousands of streams will send from it, so that it gets a socket for
    ///   that alone.
    package mutating func take(
        on address: IPAddress, dscp: UInt8, bufferOctets: Int32, isShared: Bool = false
    ) throws(MediaEngineError) -> SocketPair {
        let first = Int(ports.lowerBound) + Int(ports.lowerBound) % 2
        for _ in 0..<count {
            let port = UInt16(first + 2 * next)
            next = (next + 1) % count
            do {
                let rtp = try UDPSocket(
                    Endpoint(address, port: port), dscp: dscp, bufferOctets: bufferOctets,
                    isForSmall: isShared)
                let rtcp = try UDPSocket(
                    Endpoint(address, port: port + 1), dscp: dscp,
                    bufferOctets: min(bufferOctets, 1 << 20))
                guard isShared else { return SocketPair(rtp: rtp, rtcp: rtcp) }
                return SocketPair(
                    rtp: try UDPSocket(beside: rtp, dscp: dscp, bufferOctets: bufferOctets),
                    rtcp: rtcp, small: rtp)
            } catch {
                guard case .system(_, EADDRINUSE, _) = error else { throw error }
            }
        }
        throw .noFreePort(address, ports)
    }
}
