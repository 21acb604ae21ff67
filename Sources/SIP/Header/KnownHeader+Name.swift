extension KnownHeader {
    /// The field of this name, long or compact, in any case.
    package init(name: ArraySlice<UInt8>) {
        guard (1...24).contains(name.count) else {
            self = .other
            return
        }
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var shift: UInt64 = 0
        for octet in name {
            // A control octet must not become a hyphen.
            guard octet > 0x20 else {
                self = .other
                return
            }
            let bits = UInt64(octet | 0x20) << (shift & 63)
            switch shift {
            case ..<64: words.0 |= bits
            case ..<128: words.1 |= bits
            default: words.2 |= bits
            }
            shift += 8
        }
        self = KnownHeader.find(words.0, words.1, words.2)
    }
}
