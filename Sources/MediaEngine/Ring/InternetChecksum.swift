/// The checksum of IP, UDP and TCP (RFC 1071).
package enum InternetChecksum {
    /// The sum of `count` octets as 16-bit numbers in network order, before the carries are added in;
    /// up to 7 octets behind them are overwritten with zeros.
    @inline(__always)
    package static func sum(zeroPadding start: UnsafeMutableRawPointer, _ count: Int) -> UInt32 {
        (start + count).storeBytes(of: 0, as: UInt64.self)
        var sum: UInt64 = 0
        var at = 0
        while at < count {
            let octets = (start + at).loadUnaligned(as: UInt64.self)
            sum &+= octets & 0xffff_ffff
            sum &+= octets >> 32
            at &+= 8
        }
        // The sum of swapped numbers is the swapped sum (RFC 1071 §2 (B)).
        return UInt32(UInt16(bigEndian: fold(sum)))
    }

    /// What stands in the header: the complement of the sum with all carries added in.
    @inline(__always)
    package static func finish(_ sum: UInt32) -> UInt16 { ~fold(UInt64(sum)) }

    @inline(__always)
    private static func fold(_ sum: UInt64) -> UInt16 {
        var sum = (sum & 0xffff_ffff) &+ (sum >> 32)
        sum = (sum & 0xffff) &+ (sum >> 16)
        sum = (sum & 0xffff) &+ (sum >> 16)
        sum = (sum & 0xffff) &+ (sum >> 16)
        return UInt16(truncatingIfNeeded: sum)
    }
}
