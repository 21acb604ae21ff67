/// A received RTP packet that waits for its turn.
package struct BufferedPacket: Equatable, Sendable {
    package var header: RTPHeader
    /// The payload alone, without padding.
    package var payload: [UInt8]

    package init(header: RTPHeader, payload: [UInt8]) {
        self.header = header
        self.payload = payload
    }

    /// Reads a whole datagram.
    package init(parsing datagram: [UInt8]) throws(RTPError) {
        header = try RTPHeader(parsing: datagram)
        payload = Array(datagram[header.payload])
    }
}
