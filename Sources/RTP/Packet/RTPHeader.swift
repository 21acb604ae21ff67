/// The header of an RTP packet and where its payload lies (RFC 3550 §5.1).
package struct RTPHeader: Equatable, Sendable {
    package struct Extension: Equatable, Sendable {
        /// The 16 bits that the profile defines (RFC 3550 §5.3.1).
        package var profile: UInt16
        /// Where its data lies in the packet, without profile and length; may be empty.
        package var data: Range<Int>
    }

    package var marker: Bool
    /// 0 to 127.
    package var payloadType: UInt8
    package var sequenceNumber: SequenceNumber
    package var timestamp: UInt32
    package var ssrc: UInt32
    /// Contributing sources, 15 at most.
    package var contributors: [UInt32] = []
    package var headerExtension: Extension?
    /// Where the payload lies in the packet, without padding; may be empty.
    package var payload: Range<Int>

    /// A plain header of twelve octets in front of a payload of `payloadCount` octets.
    package init(
        marker: Bool = false, payloadType: UInt8, sequenceNumber: SequenceNumber,
        timestamp: UInt32, ssrc: UInt32, payloadCount: Int = 0
    ) {
        self.marker = marker
        self.payloadType = payloadType & 127
        self.sequenceNumber = sequenceNumber
        self.timestamp = timestamp
        self.ssrc = ssrc
        payload = RTPHeader.fixedLength..<(RTPHeader.fixedLength &+ max(0, payloadCount))
    }

    package static let fixedLength = 12

    /// Reads a whole datagram.
    package init(parsing packet: Span<UInt8>) throws(RTPError) {
        guard packet.count >= RTPHeader.fixedLength else { throw .truncated }
        let first = packet[0]
        guard first >> 6 == 2 else { throw .version(first >> 6) }
        marker = packet[1] & 0x80 != 0
        payloadType = packet[1] & 0x7f
        sequenceNumber = SequenceNumber(packet.u16(at: 2))
        timestamp = packet.u32(at: 4)
        ssrc = packet.u32(at: 8)

        var at = RTPHeader.fixedLength
        let contributorCount = Int(first & 15)
        guard packet.count - at >= 4 * contributorCount else { throw .truncated }
        for _ in 0..<contributorCount {
            contributors.append(packet.u32(at: at))
            at += 4
        }
        if first & 0x10 != 0 {
            guard packet.count - at >= 4 else { throw .truncated }
            let profile = packet.u16(at: at)
            let length = 4 * Int(packet.u16(at: at + 2))
            at += 4
            guard packet.count - at >= length else { throw .truncated }
            headerExtension = Extension(profile: profile, data: at..<(at + length))
            at += length
        }
        var end = packet.count
        if first & 0x20 != 0 {
            // The count includes itself, so 0 is as wrong as more than what follows the header.
            let padding = Int(packet[end - 1])
            guard padding > 0, padding <= end - at else { throw .padding }
            end -= padding
        }
        payload = at..<end
    }

    package init(parsing packet: [UInt8]) throws(RTPError) {
        try self.init(parsing: packet.span)
    }

    /// Appends the fixed header and the contributors; extension and padding are never written.
    package func serialise(into packet: inout [UInt8]) {
        packet.append(0x80 | UInt8(truncatingIfNeeded: min(contributors.count, 15)))
        packet.append(payloadType & 127 | (marker ? 0x80 : 0))
        packet.append(u16: sequenceNumber.value)
        packet.append(u32: timestamp)
        packet.append(u32: ssrc)
        for contributor in contributors.prefix(15) { packet.append(u32: contributor) }
    }
}
