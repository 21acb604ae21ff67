/// Two digits an octet.
enum Hexadecimal {
    static func upperCase(_ octet: UInt8) -> String {
        (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
    }
}
