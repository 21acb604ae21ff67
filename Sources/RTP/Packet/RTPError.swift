/// Why octets are not an RTP or RTCP packet; the packet is dropped and counted.
package enum RTPError: Error, Hashable, Sendable {
    /// Shorter than its fixed header, its lists, or the length that it states.
    case truncated
    /// Not version 2.
    case version(UInt8)
    /// The last octet claims no padding at all, or more than there is (RFC 3550 §5.1).
    case padding
    /// A compound RTCP packet that does not start with a report, or pads before its end
    /// (RFC 3550 §A.2).
    case compound
}
