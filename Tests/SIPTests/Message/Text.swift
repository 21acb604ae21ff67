import SIP

/// A request written with plain line ends, which become CRLF.
func request(_ text: String) throws -> Request {
    guard case .request(let request) = try Message(parsing: octets(text)) else {
        throw MessageError.notSIP
    }
    return request
}

func response(_ text: String) throws -> Response {
    guard case .response(let response) = try Message(parsing: octets(text)) else {
        throw MessageError.notSIP
    }
    return response
}

func octets(_ text: String) -> [UInt8] {
    Array(
        text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8
    )
}

func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }

/// A request that nothing is wrong with, with more fields or other ones in the place of its own.
func options(_ fields: String = "", without name: HeaderName? = nil) throws -> Request {
    var request = try request(
        """
        OPTIONS sip:201@pbx.example.com SIP/2.0
        Via: SIP/2.0/UDP 198.51.100.21:5060;branch=z9hG4bKa;rport
        From: <sip:201@pbx.example.com>;tag=f
        To: <sip:201@pbx.example.com>
        Call-ID: a@198.51.100.21
        CSeq: 1 OPTIONS
        Max-Forwards: 70
        \(fields.isEmpty ? "X-None: 0" : fields)
        Content-Length: 0


        """)
    if let name { request.headers.remove(name) }
    return request
}
