/// A message body and its media type; what the octets mean is the application's business.
package struct MessageBody: Hashable, Sendable {
    /// `type/subtype` with parameters if any, as in Content-Type.
    package var contentType: String
    package var bytes: [UInt8]

    package init(contentType: String, bytes: [UInt8]) {
        self.contentType = contentType
        self.bytes = bytes
    }

    /// A session description (RFC 8866) in octets.
    package static func sdp(_ bytes: [UInt8]) -> MessageBody {
        MessageBody(contentType: "application/sdp", bytes: bytes)
    }
}
