package import Primitives

/// A moment as RTCP writes it: 32 bits of seconds since 1900 and 32 of fraction (RFC 3550 §4).
package struct NTPTime: Hashable, Sendable {
    package var value: UInt64

    package init(value: UInt64) { self.value = value }

    /// Seconds from 1900 to 1970.
    private static let epoch: UInt64 = 2_208_988_800

    package init(_ time: WallClockTime) {
        let nanoseconds = UInt64(bitPattern: time.nanoseconds)
        let seconds = nanoseconds / 1_000_000_000
        let fraction = ((nanoseconds % 1_000_000_000) << 32) / 1_000_000_000
        value = (seconds &+ NTPTime.epoch) << 32 | fraction
    }

    /// The middle 32 bits, as reports echo them (RFC 3550 §6.4.1).
    package var middle: UInt32 { UInt32(truncatingIfNeeded: value >> 16) }
}
