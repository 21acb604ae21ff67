/// A pressed key, or another named event (RFC 4733 §2.3, §3.2).
package struct TelephoneEvent: Hashable, Sendable {
    package var code: UInt8
    /// Power below 0 dBm0 in dB, 0 to 63.
    package var volume: UInt8

    package init(code: UInt8, volume: UInt8 = 10) {
        self.code = code
        self.volume = volume & 63
    }

    /// `0`-`9`, `*`, `#`, `A`-`D`; nil for other events.
    package var digit: Character? {
        switch code {
        case 0...9: Character(UnicodeScalar(UInt8(ascii: "0") + code))
        case 10: "*"
        case 11: "#"
        case 12...15: Character(UnicodeScalar(UInt8(ascii: "A") + code - 12))
        default: nil
        }
    }

    /// - Returns: nil when `digit` is no key.
    package init?(digit: Character) {
        guard let ascii = digit.asciiValue else { return nil }
        switch ascii {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self.init(code: ascii - UInt8(ascii: "0"))
        case UInt8(ascii: "*"): self.init(code: 10)
        case UInt8(ascii: "#"): self.init(code: 11)
        case UInt8(ascii: "A")...UInt8(ascii: "D"):
            self.init(code: ascii - UInt8(ascii: "A") + 12)
        case UInt8(ascii: "a")...UInt8(ascii: "d"):
            self.init(code: ascii - UInt8(ascii: "a") + 12)
        default: return nil
        }
    }

    /// The four octets of a payload (RFC 4733 §2.3); `duration` is in timestamp units.
    package func payload(duration: UInt16, isEnd: Bool) -> [UInt8] {
        [
            code, volume | (isEnd ? 0x80 : 0), UInt8(duration >> 8),
            UInt8(truncatingIfNeeded: duration),
        ]
    }
}
