extension Method {
    /// A known method costs no new string.
    ///
    /// - Parameter word: the first eight octets, the first lowest, zero beyond the end.
    init(_ octets: Span<UInt8>, _ range: Range<Int>, word: UInt64) {
        if range.count <= 8, let known = Method.known(word) {
            self = known
        } else {
            self.init(range.map { octets[$0] }.text)
        }
    }

    private static func known(_ word: UInt64) -> Method? {
        switch word {
        case 0x455449564e49: .invite
        case 0x4b4341: .ack
        case 0x455942: .bye
        case 0x4c45434e4143: .cancel
        case 0x534e4f4954504f: .options
        case 0x5245545349474552: .register
        case 0x4b43415250: .prack
        case 0x455441445055: .update
        case 0x4f464e49: .info
        case 0x594649544f4e: .notify
        case 0x4853494c425550: .publish
        case 0x5245464552: .refer
        case 0x4547415353454d: .message
        default: nil
        }
    }
}
