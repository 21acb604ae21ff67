/// A 48-bit address of Ethernet (IEEE 802, "MAC address").
package struct LinkAddress: Hashable, Sendable, CustomStringConvertible {
    /// In the order in which they are sent, the first in bits 47 to 40.
    package let bits: UInt64

    package init(bits: UInt64) { self.bits = bits & 0xffff_ffff_ffff }

    package var description: String {
        (0..<6).map { i in
            let octet = String(UInt8(truncatingIfNeeded: bits >> UInt64(40 - 8 * i)), radix: 16)
            return octet.count == 1 ? "0" + octet : octet
        }.joined(separator: ":")
    }
}
