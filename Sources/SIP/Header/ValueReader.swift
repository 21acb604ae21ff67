/// Reads a field value from left to right, octet by octet.
///
/// Where the grammar has LWS, CR and LF count as white space too, so a folded value reads like any
/// other.
struct ValueReader {
    private let octets: ArraySlice<UInt8>
    private(set) var position: Int
    private let end: Int

    init(_ octets: ArraySlice<UInt8>) {
        self.octets = octets
        position = octets.startIndex
        end = octets.endIndex
    }

    var isAtEnd: Bool { position >= end }
    var peek: UInt8? { position < end ? octets[position] : nil }
    var rest: ArraySlice<UInt8> { octets[position..<end] }

    mutating func skip() { if position < end { position += 1 } }

    @discardableResult
    mutating func skipWhitespace() -> Bool {
        let start = position
        while position < end, octets[position].isLinearWhitespace { position += 1 }
        return position > start
    }

    /// Takes `octet` if it is next.
    mutating func take(_ octet: UInt8) -> Bool {
        guard peek == octet else { return false }
        position += 1
        return true
    }

    mutating func takeWhile(_ condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while position < end, condition(octets[position]) { position += 1 }
        return octets[start..<position]
    }

    /// A token; nil when none is next.
    mutating func token() -> ArraySlice<UInt8>? {
        let token = takeWhile(\.isToken)
        return token.isEmpty ? nil : token
    }

    /// A quoted string with its quotes, the next octet being the opening one; nil when it never ends.
    mutating func quotedString() -> ArraySlice<UInt8>? {
        let start = position
        guard take(.quote) else { return nil }
        while position < end {
            switch octets[position] {
            case .backslash: position += 2
            case .quote:
                position += 1
                return octets[start..<position]
            default: position += 1
            }
        }
        position = end
        return nil
    }
}

extension ValueReader {
    /// What a quoted string says: without quotes and backslashes, a fold being one space.
    static func unquoted(_ quoted: ArraySlice<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(quoted.count)
        var rest = quoted.dropFirst().dropLast()[...]
        while let octet = rest.popFirst() {
            if octet == .backslash, let escaped = rest.popFirst() {
                plain.append(escaped)
            } else if octet == 0x0d || octet == 0x0a {
                while rest.first?.isLinearWhitespace == true { rest.removeFirst() }
                while plain.last == 0x20 || plain.last == 0x09 { plain.removeLast() }
                plain.append(0x20)
            } else {
                plain.append(octet)
            }
        }
        return plain
    }

    /// Calls `body` with each element of a comma list, trimmed, until it says false; commas within
    /// quotes and `<>` don't count.
    ///
    /// Empty elements are left out (RFC 3261 §25.1 has none, RFC 9110 §5.6.1 asks a reader to skip
    /// them).
    /// - Returns: false when a quoted string or `<` is never closed.
    @inline(__always)
    static func forEachElement(
        of value: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) throws(HeaderError) -> Bool
    ) throws(HeaderError) -> Bool {
        var reader = ValueReader(value)
        var start = value.startIndex
        var isEnclosed = false
        while let octet = reader.peek {
            switch octet {
            case .quote where !isEnclosed:
                guard reader.quotedString() != nil else { return false }
                continue
            case .less: isEnclosed = true
            case .greater: isEnclosed = false
            case .comma where !isEnclosed:
                let element = value[start..<reader.position].trimmed
                start = reader.position + 1
                if !element.isEmpty, try !body(element) { return true }
            default: break
            }
            reader.skip()
        }
        guard !isEnclosed else { return false }
        let element = value[start...].trimmed
        if !element.isEmpty { _ = try body(element) }
        return true
    }

    /// The elements of a comma list; nil when a quoted string or `<` is never closed.
    static func list(_ value: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var elements: [ArraySlice<UInt8>] = []
        let isWhole = try? forEachElement(of: value) { (element) throws(HeaderError) in
            elements.append(element)
            return true
        }
        return isWhole == true ? elements : nil
    }
}
