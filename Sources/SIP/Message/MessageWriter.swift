/// Writes a message's fields and body, in as few copies as there are runs of octets that lie together.
///
/// A message that wasn't changed since it was parsed is one run.
struct MessageWriter {
    private let headers: Headers
    private let body: MessageBodyStorage
    private let hasStandardLineEnds: Bool
    /// What is still to be copied from the storage.
    private var run: Range<Int> = 0..<0

    init(headers: Headers, body: MessageBodyStorage, hasStandardLineEnds: Bool) {
        self.headers = headers
        self.body = body
        self.hasStandardLineEnds = hasStandardLineEnds
    }

    mutating func write(startLine: Range<Int>, into octets: inout [UInt8]) { run = startLine }

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
            if hasStandardLineEnds, range.lowerBound >= 2, run.upperBound == range.lowerBound - 2,
                !run.isEmpty
            {
                // The empty line and the body lie behind the last field.
                run = run.lowerBound..<range.upperBound
                flush(into: &octets)
            } else {
                flush(into: &octets)
                octets.append(0x0d)
                octets.append(0x0a)
                octets += headers.storage[range]
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
