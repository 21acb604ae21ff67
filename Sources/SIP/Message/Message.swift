/// A SIP message (RFC 3261 §7).
package enum Message: Sendable {
    case request(Request)
    case response(Response)

    /// Reads one datagram, or one message as a `StreamFramer` cuts it out.
    ///
    /// Lenient: what can be outlined becomes a message, and `Request.defect` or
    /// `Response.isMalformed` says what the RFC makes of it. Line ends in front are skipped, octets
    /// beyond Content-Length dropped.
    package init(
        parsing octets: [UInt8], limits: MessageLimits = .default
    ) throws(MessageError) {
        let outline = try MessageOutline(of: octets, limits: limits)
        let headers = Headers(storage: octets, fields: outline.fields)
        switch outline.start {
        case .request(let method, let uri):
            self = .request(Request(outline, headers, method: method, uri: uri))
        case .response(let status, let reason):
            self = .response(Response(outline, headers, status: status, reason: reason))
        }
    }

    package var headers: Headers {
        switch self {
        case .request(let request): request.headers
        case .response(let response): response.headers
        }
    }

    package func serialised() -> [UInt8] {
        switch self {
        case .request(let request): request.serialised()
        case .response(let response): response.serialised()
        }
    }
}
