/// Which provisional response a PRACK acknowledges (RFC 3262 §7.2).
package struct RAck: Hashable, Sendable, CustomStringConvertible {
    /// The RSeq of the response.
    package var response: UInt32
    /// The CSeq of the request that it answered.
    package var cseq: CSeq

    package init(_ response: UInt32, _ cseq: CSeq) {
        self.response = response
        self.cseq = cseq
    }

    package var description: String { "\(response) \(cseq)" }
}

extension RAck {
    init(parsing value: ArraySlice<UInt8>) throws(HeaderError) {
        var reader = ValueReader(value)
        let digits = reader.takeWhile(\.isDigit)
        guard !digits.isEmpty, reader.skipWhitespace() else { throw HeaderError(.malformed, .rack) }
        guard let response = UInt64(digits: digits), response <= UInt32.max else {
            throw HeaderError(.outOfRange, .rack)
        }
        do {
            self.init(UInt32(truncatingIfNeeded: response), try CSeq(parsing: reader.rest))
        } catch {
            throw HeaderError(error.problem, .rack)
        }
    }
}
