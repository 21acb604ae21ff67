import Primitives
import SDP

/// Phones' descriptions and our capabilities, as the tests need them.
enum Offer {
    /// A description whose session part is the usual one.
    static func parse(
        _ media: String, session: String = "c=IN IP4 198.51.100.21\n", version: Int = 1
    ) throws -> SessionDescription {
        try SessionDescription(
            parsing: Array(
                "v=0\no=- 7001 \(version) IN IP4 198.51.100.21\ns=-\n\(session)t=0 0\n\(media)".utf8
            ))
    }

    static let address = IPAddress(v4: 0xC000_020A)
    static let phone = IPAddress(v4: 0xC633_6415)

    static let formats: [SupportedFormat] = [
        .opus, .g722, .pcmu, .pcma, .l16(8000), .l16(16000),
    ]

    static func machine(
        _ change: (inout LocalCapabilities) -> Void = { _ in }
    ) -> OfferAnswer {
        var capabilities = LocalCapabilities(
            formats: formats, local: Endpoint(address, port: 16384))
        change(&capabilities)
        return OfferAnswer(sessionID: 4711, capabilities: capabilities)
    }
}

extension SessionDescription {
    /// The lines of the text, without their ends.
    var lines: [Substring] { text.split(separator: "\r\n") }
    func has(_ line: String) -> Bool { lines.contains(line[...]) }
    func hasAttribute(_ name: String) -> Bool {
        lines.contains { $0 == "a=\(name)" || $0.hasPrefix("a=\(name):") }
    }
}
