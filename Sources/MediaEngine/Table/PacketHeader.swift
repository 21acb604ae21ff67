/// The RTP header as it is sent (RFC 3550 §5.1), with room behind it for a format's prefix.
struct PacketHeader {
    var flags: UInt8 = 0x80
    /// Payload type, with the marker in the highest bit.
    var type: UInt8 = 0
    /// This and the following in network order.
    var sequence: UInt16 = 0
    var timestamp: UInt32 = 0
    var ssrc: UInt32 = 0
    var prefix: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)

    static let length = 12
}
