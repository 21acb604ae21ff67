/// Writes a message's fields and body, in as few copies as there are runs of octets that lie together.
///
/// A message that wasn't changed since it was parsed is one run.
struct MessageWriter {
    private let headers: Headers
    /// Where start line and body are.
    private let origin: [UInt8]
    private let body: MessageBodyStorage
    /// Start line, fields and body lie in the same octets, with CRLF for line ends.
    private let isWhole: Bool
    /// What is still to be copied from the storage.
    private var run: Range<Int> = 0..<0

    init(
        headers: Headers, origin: [UInt8], body: MessageBodyStorage, hasStandardLineEnds: Bool
    ) {
        self.headers = headers
        self.origin = origin
        self.body = body
        // At once for one and the same array, as it is while the fields are untouched.
        isWhole = hasStandardLineEnds && origin == headers.storage
    }

    mutating func write(startLine: Range<Int>, into octets: inout [UInt8]) {
        if isWhole { run = startLine } else { octets += origin[startLine] }
    }

    mutating func write(into octets: inout [UInt8]) {
        let keepsLength =
            MessageOutline.contentLength(headers.fields, headers.storage)
            == .length(UInt64(body.count)) && headers.count(of: .contentLength) == 1
        for field in headers.fields {
            if field.known == .contentLength, !keepsLength { continue }
            if field.hasBareLineFeed {
                flush(into: &octets)
                octets += headers.storage[field.name]
                octets.append(.colon)
                octets.append(0x20)
                octets += headers.value(field)
                octets.append(0x0d)
                octets.append(0x0a)
            } else {
                extend(to: field.line, into: &octets)
            }
        }
        if !keepsLength {
            flush(into: &octets)
            octets += "Content-Length: \(body.count)\r\n".utf8
        }
        switch body {
        case .located(let range):
            if isWhole, !run.isEmpty, run.upperBound + 2 == range.lowerBound {
                // The empty line and the body lie behind the last field.
                run = run.lowerBound..<range.upperBound
                flush(into: &octets)
            } else {
                flush(into: &octets)
                octets.append(0x0d)
                octets.append(0x0a)
                octets += origin[range]
            }
        case .own(let own):
            flush(into: &octets)
            octets.append(0x0d)
            octets.append(0x0a)
            octets += own
        }
    }

    private mutating func extend(to range: Range<Int>, into octets: inout [UInt8]) {
        if run.upperBound == range.lowerBound, !run.isEmpty {
            run = run.lowerBound..<range.upperBound
        } else {
            flush(into: &octets)
            run = range
        }
    }

    private mutating func flush(into octets: inout [UInt8]) {
        if !run.isEmpty { octets += headers.storage[run] }
        run = 0..<0
    }
}
