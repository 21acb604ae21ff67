/// One packet of a compound RTCP packet (RFC 3550 §6.1).
package enum RTCPPacket: Equatable, Sendable {
    case senderReport(SenderReport)
    case receiverReport(ReceiverReport)
    case sourceDescription(SourceDescription)
    case goodbye(Goodbye)
    /// APP, feedback, XR and whatever else: its type and size are known, its meaning is not.
    case other(type: UInt8)
}

extension RTCPPacket {
    /// Reads the octets of one datagram.
    ///
    /// The checks are those of RFC 3550 §A.2; with `reducedSize` a datagram may also start with
    /// a packet that is no report (RFC 5506).
    package static func parse(
        _ datagram: Span<UInt8>, reducedSize: Bool = true
    ) throws(RTPError) -> [RTCPPacket] {
        var packets: [RTCPPacket] = []
        var at = 0
        while at < datagram.count {
            guard datagram.count - at >= 4 else { throw .truncated }
            let first = datagram[at]
            let type = datagram[at + 1]
            guard first >> 6 == 2 else { throw .version(first >> 6) }
            let length = 4 * (Int(datagram.u16(at: at + 2)) + 1)
            guard datagram.count - at >= length else { throw .truncated }
            if at == 0 && !reducedSize && type != 200 && type != 201 { throw .compound }
            var end = at + length
            if first & 0x20 != 0 {
                // Only the last packet may be padded.
                guard end == datagram.count else { throw .compound }
                let padding = Int(datagram[end - 1])
                guard padding > 0, padding % 4 == 0, padding <= length - 4 else { throw .padding }
                end -= padding
            }
            packets.append(
                try parseOne(datagram, type: type, count: Int(first & 31), body: (at + 4)..<end))
            at += length
        }
        guard !packets.isEmpty else { throw .truncated }
        return packets
    }

    package static func parse(
        _ datagram: [UInt8], reducedSize: Bool = true
    ) throws(RTPError) -> [RTCPPacket] {
        try parse(datagram.span, reducedSize: reducedSize)
    }

    private static func parseOne(
        _ datagram: Span<UInt8>, type: UInt8, count: Int, body: Range<Int>
    ) throws(RTPError) -> RTCPPacket {
        switch type {
        case 200:
            let blocks = body.lowerBound + 24
            guard body.count >= 24 else { throw .truncated }
            let seconds = UInt64(datagram.u32(at: body.lowerBound + 4))
            let fraction = UInt64(datagram.u32(at: body.lowerBound + 8))
            return .senderReport(
                SenderReport(
                    ssrc: datagram.u32(at: body.lowerBound),
                    ntpTime: NTPTime(value: seconds << 32 | fraction),
                    rtpTimestamp: datagram.u32(at: body.lowerBound + 12),
                    packetCount: datagram.u32(at: body.lowerBound + 16),
                    octetCount: datagram.u32(at: body.lowerBound + 20),
                    reports: try parseBlocks(datagram, count, blocks..<body.upperBound)))
        case 201:
            guard body.count >= 4 else { throw .truncated }
            let blocks = body.lowerBound + 4
            return .receiverReport(
                ReceiverReport(
                    ssrc: datagram.u32(at: body.lowerBound),
                    reports: try parseBlocks(datagram, count, blocks..<body.upperBound)))
        case 202:
            return .sourceDescription(try parseChunks(datagram, count, body))
        case 203:
            guard body.count >= 4 * count else { throw .truncated }
            let sources = (0..<count).map { datagram.u32(at: body.lowerBound + 4 * $0) }
            let rest = (body.lowerBound + 4 * count)..<body.upperBound
            guard let lengthAt = rest.first else {
                return .goodbye(Goodbye(sources: sources))
            }
            let length = Int(datagram[lengthAt])
            guard rest.count - 1 >= length else { throw .truncated }
            let text = (0..<length).map { datagram[lengthAt + 1 + $0] }
            return .goodbye(
                Goodbye(sources: sources, reason: String(decoding: text, as: UTF8.self)))
        default:
            return .other(type: type)
        }
    }

    private static func parseBlocks(
        _ datagram: Span<UInt8>, _ count: Int, _ body: Range<Int>
    ) throws(RTPError) -> [ReportBlock] {
        // What follows the blocks is a profile's extension.
        guard body.count >= count * ReportBlock.length else { throw .truncated }
        return (0..<count).map {
            ReportBlock(parsing: datagram, at: body.lowerBound + $0 * ReportBlock.length)
        }
    }

    private static func parseChunks(
        _ datagram: Span<UInt8>, _ count: Int, _ body: Range<Int>
    ) throws(RTPError) -> SourceDescription {
        var chunks: [SourceDescription.Chunk] = []
        var at = body.lowerBound
        for _ in 0..<count {
            guard body.upperBound - at >= 4 else { throw .truncated }
            var chunk = SourceDescription.Chunk(ssrc: datagram.u32(at: at), items: [])
            at += 4
            while true {
                guard at < body.upperBound else { throw .truncated }
                let type = datagram[at]
                guard type != 0 else { break }
                guard body.upperBound - at >= 2 else { throw .truncated }
                let length = Int(datagram[at + 1])
                guard body.upperBound - at - 2 >= length else { throw .truncated }
                let text = (0..<length).map { datagram[at + 2 + $0] }
                chunk.items.append(SourceDescription.Item(type: type, text: text))
                at += 2 + length
            }
            // At least one null octet, then up to the next 32-bit boundary of the packet.
            at += 4 - (at - body.lowerBound) % 4
            chunks.append(chunk)
        }
        return SourceDescription(chunks: chunks)
    }

    /// Appends the packet. ``other(type:)`` is written without a body.
    package func serialise(into datagram: inout [UInt8]) {
        let start = datagram.count
        var count = 0
        datagram.append(0)
        switch self {
        case .senderReport(let report):
            count = min(report.reports.count, 31)
            datagram.append(200)
            datagram.append(u16: 0)
            datagram.append(u32: report.ssrc)
            datagram.append(u32: UInt32(truncatingIfNeeded: report.ntpTime.value >> 32))
            datagram.append(u32: UInt32(truncatingIfNeeded: report.ntpTime.value))
            datagram.append(u32: report.rtpTimestamp)
            datagram.append(u32: report.packetCount)
            datagram.append(u32: report.octetCount)
            for block in report.reports.prefix(31) { block.serialise(into: &datagram) }
        case .receiverReport(let report):
            count = min(report.reports.count, 31)
            datagram.append(201)
            datagram.append(u16: 0)
            datagram.append(u32: report.ssrc)
            for block in report.reports.prefix(31) { block.serialise(into: &datagram) }
        case .sourceDescription(let description):
            count = min(description.chunks.count, 31)
            datagram.append(202)
            datagram.append(u16: 0)
            for chunk in description.chunks.prefix(31) {
                datagram.append(u32: chunk.ssrc)
                for item in chunk.items {
                    datagram.append(item.type)
                    datagram.append(UInt8(truncatingIfNeeded: min(item.text.count, 255)))
                    datagram.append(contentsOf: item.text.prefix(255))
                }
                datagram.append(0)
                while (datagram.count - start) % 4 != 0 { datagram.append(0) }
            }
        case .goodbye(let goodbye):
            count = min(goodbye.sources.count, 31)
            datagram.append(203)
            datagram.append(u16: 0)
            for source in goodbye.sources.prefix(31) { datagram.append(u32: source) }
            if let reason = goodbye.reason {
                let text = reason.utf8.prefix(255)
                datagram.append(UInt8(truncatingIfNeeded: text.count))
                datagram.append(contentsOf: text)
                while (datagram.count - start) % 4 != 0 { datagram.append(0) }
            }
        case .other(let type):
            datagram.append(type)
            datagram.append(u16: 0)
        }
        let words = (datagram.count - start) / 4 - 1
        datagram[start] = 0x80 | UInt8(truncatingIfNeeded: count)
        datagram[start + 2] = UInt8(truncatingIfNeeded: words >> 8)
        datagram[start + 3] = UInt8(truncatingIfNeeded: words)
    }

    /// The octets of a compound packet; the first of `packets` should be a report.
    package static func serialise(_ packets: [RTCPPacket]) -> [UInt8] {
        var datagram: [UInt8] = []
        for packet in packets { packet.serialise(into: &datagram) }
        return datagram
    }
}
