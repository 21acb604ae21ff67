/// The sequence number and method of a request (RFC 3261 §20.16).
package struct CSeq: Hashable, Sendable, CustomStringConvertible {
    /// Below 2^31.
    package var number: UInt32
    package var method: Method

    package init(_ number: UInt32, _ method: Method) {
        self.number = number
        self.method = method
    }

    package var description: String { "\(number) \(method)" }
}

extension CSeq {
    init(parsing value: ArraySlice<UInt8>) throws(HeaderError) {
        var reader = ValueReader(value)
        let digits = reader.takeWhile(\.isDigit)
        guard !digits.isEmpty, reader.skipWhitespace(), let method = reader.token(), reader.isAtEnd
        else { throw HeaderError(.malformed, .cseq) }
        guard let number = UInt64(digits: digits), number < 1 << 31 else {
            throw HeaderError(.outOfRange, .cseq)
        }
        self.init(UInt32(truncatingIfNeeded: number), Method(method.text))
    }
}
