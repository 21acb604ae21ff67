// Big-endian numbers out of octets. Callers have checked that the octets are there; the span
// checks again.
extension Span<UInt8> {
    @inlinable
    func u16(at i: Int) -> UInt16 { UInt16(self[i]) << 8 | UInt16(self[i &+ 1]) }

    @inlinable
    func u24(at i: Int) -> UInt32 {
        UInt32(self[i]) << 16 | UInt32(self[i &+ 1]) << 8 | UInt32(self[i &+ 2])
    }

    @inlinable
    func u32(at i: Int) -> UInt32 { UInt32(u16(at: i)) << 16 | UInt32(u16(at: i &+ 2)) }
}

extension [UInt8] {
    mutating func append(u16 value: UInt16) {
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    mutating func append(u32 value: UInt32) {
        append(u16: UInt16(truncatingIfNeeded: value >> 16))
        append(u16: UInt16(truncatingIfNeeded: value))
    }
}
