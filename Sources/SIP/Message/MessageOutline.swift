/// Where the parts of a message are, found in one pass over its octets.
struct MessageOutline {
    enum Start {
        case request(method: Method, uri: Range<Int>)
        case response(status: StatusCode, reason: Range<Int>)
    }

    let start: Start
    /// The start line with its line end.
    let startLine: Range<Int>
    let fields: [FieldRecord]
    let body: Range<Int>
    let fault: StructuralFault?
    /// Whether the version is SIP/2.0.
    let isVersion2: Bool
    /// All lines end in CRLF, so that they may be copied as they are.
    let hasStandardLineEnds: Bool
}

extension MessageOutline {
    /// - Parameter octets: one datagram, or one message as a `StreamFramer` cuts it out.
    init(of octets: [UInt8], limits: MessageLimits) throws(MessageError) {
        guard octets.count <= limits.messageLength, octets.count < UInt32.max else {
            throw .tooLong
        }
        var scanner = OutlineScanner(limits: limits)
        let span = octets.span
        scanner.skipLineEnds(span)
        guard scanner.position < octets.count else { throw .empty }
        (start, startLine) = try scanner.startLine(span)
        fields = try scanner.fields(span)
        let head = scanner.position
        guard head <= limits.headLength else { throw .tooLong }
        var fault = scanner.fault
        var bodyEnd = octets.count
        switch MessageOutline.contentLength(fields, octets) {
        case .absent: break
        case .invalid: if fault == nil { fault = .contentLength }
        case .length(let length):
            if length > UInt64(octets.count - head) {
                if fault == nil { fault = .shortBody }
            } else {
                // The surplus of a datagram is dropped (RFC 3261 §18.3).
                bodyEnd = head + Int(length)
            }
        }
        body = head..<bodyEnd
        guard body.count <= limits.bodyLength else { throw .tooLong }
        self.fault = fault
        isVersion2 = scanner.isVersion2
        hasStandardLineEnds = scanner.hasStandardLineEnds
    }

    enum ContentLength: Equatable {
        case absent
        case invalid
        case length(UInt64)
    }

    /// What the Content-Length fields say; several that agree are one.
    static func contentLength(_ fields: [FieldRecord], _ octets: [UInt8]) -> ContentLength {
        var result = ContentLength.absent
        for field in fields where field.known == .contentLength {
            guard let value = UInt64(digits: octets[field.value].trimmed),
                result == .absent || result == .length(value)
            else { return .invalid }
            result = .length(value)
        }
        return result
    }
}
