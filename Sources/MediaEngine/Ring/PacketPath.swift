package import Primitives

/// The headers of a stream's packets as they leave a device, but for what differs from packet to
/// packet; and by which device.
package struct PacketPath: Sendable {
    /// 0 while no way is known.
    var interface: Int32 = 0
    /// The socket that the packets would leave by else, and whose address they carry.
    var socket: Int32 = -1
    /// Octets of an IP packet, its header included, that the device takes.
    var mtu: UInt32 = 0
    /// Octets of `headers` before the payload of UDP.
    var headersLength: UInt32 = 0
    /// Sums of 16-bit numbers (RFC 1071) of the IPv4 header without its length, and of what UDP's
    /// checksum covers of addresses, protocol and source port.
    var ipSum: UInt32 = 0
    var udpSum: UInt32 = 0
    var headers = InlineArray<64, UInt8>(repeating: 0)

    package init() {}

    /// - Parameters:
    ///   - dscp: differentiated services code point.
    ///   - timeToLive: or hop limit.
    package init(
        _ hop: PathFinder.Hop, from source: Endpoint, to destination: IPAddress, socket: Int32,
        dscp: UInt8, timeToLive: UInt8
    ) {
        interface = hop.interface
        self.socket = socket
        mtu = UInt32(clamping: hop.mtu)
        put(hop.destination.bits, octets: 6, at: 0)
        put(hop.source.bits, octets: 6, at: 6)
        let traffic = UInt64(dscp) << 2
        if let from = source.address.v4, let to = destination.v4 {
            put(0x0800, octets: 2, at: 12)
            put(0x4500 | traffic, octets: 2, at: 14)
            // No identification and "don't fragment" (RFC 6864 §4.1).
            put(0x4000, octets: 2, at: 20)
            put(UInt64(timeToLive) << 8 | UInt64(PacketPath.udp), octets: 2, at: 22)
            put(UInt64(from), octets: 4, at: 26)
            put(UInt64(to), octets: 4, at: 30)
            headersLength = 42
            ipSum = sum(14..<34)
            udpSum = sum(26..<34)
        } else {
            put(0x86dd, octets: 2, at: 12)
            put(0x6000_0000 | traffic << 20, octets: 4, at: 14)
            put(UInt64(PacketPath.udp) << 8 | UInt64(timeToLive), octets: 2, at: 20)
            put(source.address.high, octets: 8, at: 22)
            put(source.address.low, octets: 8, at: 30)
            put(destination.high, octets: 8, at: 38)
            put(destination.low, octets: 8, at: 46)
            headersLength = 62
            udpSum = sum(22..<54)
        }
        let at = Int(headersLength) - 8
        put(UInt64(source.port), octets: 2, at: at)
        udpSum += UInt32(source.port) + UInt32(PacketPath.udp)
    }

    var isIPv6: Bool { headersLength == 62 }

    private static let udp: UInt8 = 17

    private mutating func put(_ value: UInt64, octets: Int, at offset: Int) {
        for i in 0..<octets {
            headers[offset + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (octets - 1 - i)))
        }
    }

    private func sum(_ range: Range<Int>) -> UInt32 {
        stride(from: range.lowerBound, to: range.upperBound, by: 2).reduce(0) { sum, i in
            sum + (UInt32(headers[i]) << 8 | UInt32(headers[i + 1]))
        }
    }
}

/// A way of a stream, or that there is none any more.
package struct PathChange: Sendable {
    package var number: Int32
    package var path: PacketPath?

    package init(number: Int32, path: PacketPath?) {
        self.number = number
        self.path = path
    }
}
