// Strings are cut on their octets: a Character may be several of them ("\r\n" is one), which
// neither the grammar nor a time limit allows for.
extension Substring {
    /// Without blanks at either end.
    var trimmed: Substring {
        var octets = utf8
        while let first = octets.first, first == 0x20 || first == 0x09 { octets.removeFirst() }
        while let last = octets.last, last == 0x20 || last == 0x09 { octets.removeLast() }
        return Substring(octets)
    }

    /// What stands before and after the first `octet`; nil after if there is none.
    func cut(_ octet: UInt8) -> (Substring, Substring?) {
        guard let i = utf8.firstIndex(of: octet) else { return (self, nil) }
        return (Substring(utf8[..<i]), Substring(utf8[utf8.index(after: i)...]))
    }

    /// The parts between runs of blanks.
    var words: [Substring] {
        utf8.split { $0 == 0x20 || $0 == 0x09 }.map { Substring($0) }
    }

    func parts(_ separator: UInt8) -> [Substring] {
        utf8.split(separator: separator, omittingEmptySubsequences: false).map { Substring($0) }
    }

    /// A number of ASCII digits alone; nil when there is anything else or it doesn't fit.
    func number<T: FixedWidthInteger>(as _: T.Type = T.self) -> T? {
        guard !utf8.isEmpty, utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return T(self)
    }

    /// Equal but for the case of ASCII letters.
    func isSame(as other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8) { $0.lowered == $1.lowered }
    }
}

extension String {
    func isSame(as other: some StringProtocol) -> Bool { self[...].isSame(as: other) }
}

extension UInt8 {
    fileprivate var lowered: UInt8 { (0x41...0x5a).contains(self) ? self | 0x20 : self }
}
