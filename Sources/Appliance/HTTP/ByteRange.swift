/// What a Range field asks of a file (RFC 9110 §14.2): one range of octets.
package enum ByteRange: Equatable {
    /// All of it: no range, or one that may be ignored (§14.2: several, another unit, not well made).
    case whole
    case part(Range<Int>)
    /// Nothing of the file is in it: 416.
    case none

    /// - Parameter size: octets of the file.
    package init(_ field: String?, size: Int) {
        self = .whole
        guard let field, field.hasPrefix("bytes=") else { return }
        let ends = field.dropFirst("bytes=".count)
            .split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.count <= 18 }),
            ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return }
        switch (Int(ends[0]), Int(ends[1])) {
        case (nil, nil): return
        // The last octets.
        case (nil, let count?):
            self = count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .none
        case (let first?, nil): self = first < size ? .part(first..<size) : .none
        case (let first?, let last?):
            guard first <= last else { return }
            self = first < size ? .part(first..<(min(last, size - 1) + 1)) : .none
        }
    }
}
