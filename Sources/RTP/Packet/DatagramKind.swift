/// What a datagram on a port for media is, by its first two octets (RFC 7983 §7, RFC 5761 §4).
package enum DatagramKind: Hashable, Sendable {
    case rtp, rtcp, stun, dtls, unknown

    @inlinable
    package init(_ datagram: Span<UInt8>) {
        guard datagram.count >= 2 else {
            self = .unknown
            return
        }
        switch datagram[0] {
        case 0...3: self = .stun
        case 20...63: self = .dtls
        // RTCP packet types 192 to 223 are RTP payload types 64 to 95 with the marker set, which
        // is why those may not be used where both share a port.
        case 128...191: self = (192...223).contains(datagram[1]) ? .rtcp : .rtp
        default: self = .unknown
        }
    }
}
