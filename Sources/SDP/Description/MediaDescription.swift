/// An `m=` line and what belongs to it (RFC 8866 §5.14).
package struct MediaDescription: Hashable, Sendable {
    /// `audio`, `video`, `image`, `application`, ... as written.
    package var media: String
    /// 0 in a refused or removed stream.
    package var port: UInt16
    /// The number of ports after `/`; 1 when not given.
    package var portCount: Int
    /// `RTP/AVP` and the like, as written.
    package var transport: String
    /// Payload types for RTP, else whatever the transport has.
    package var formats: [String]
    package var connection: Connection?
    /// Lines without a meaning here, in their order.
    package var otherLines: [Line]
    package var attributes: [Attribute]

    package init(
        media: String = "audio", port: UInt16, portCount: Int = 1, transport: String = "RTP/AVP",
        formats: [String], connection: Connection? = nil, attributes: [Attribute] = [],
        otherLines: [Line] = []
    ) {
        self.media = media
        self.port = port
        self.portCount = portCount
        self.transport = transport
        self.formats = formats
        self.connection = connection
        self.attributes = attributes
        self.otherLines = otherLines
    }

    /// Reads what stands after `m=`.
    init?(line: Substring) {
        let words = line.words
        guard words.count >= 3 else { return nil }
        let (port, count) = words[1].cut(UInt8(ascii: "/"))
        guard let port = port.number(as: UInt16.self) else { return nil }
        var portCount = 1
        if let count {
            guard let n = count.number(as: UInt16.self), n > 0 else { return nil }
            portCount = Int(n)
        }
        // No format at all breaks the grammar, but a stream with port 0 is often written so.
        self.init(
            media: String(words[0]), port: port, portCount: portCount, transport: String(words[2]),
            formats: words.dropFirst(3).map(String.init))
    }

    var line: String {
        let ports = portCount > 1 ? "\(port)/\(portCount)" : "\(port)"
        return ([media, ports, transport] + formats).joined(separator: " ")
    }
}

// MARK: - What the attributes say

extension MediaDescription {
    package var isAudio: Bool { media.isSame(as: "audio") }

    /// The direction of this stream alone; nil when the session's holds.
    package var direction: Direction? { Direction(attributes: attributes) }

    /// Payload types in the order of the `m=` line, each once; what isn't one is left out.
    package var payloadTypes: [UInt8] {
        var seen: Set<UInt8> = []
        return formats.compactMap { text in
            guard let number = text[...].number(as: UInt8.self), number < 128,
                seen.insert(number).inserted
            else { return nil }
            return number
        }
    }

    /// The encodings that `a=rtpmap` lines bind to payload types (RFC 8866 §6.6); the first line
    /// of a number holds.
    package var rtpMaps: [UInt8: RTPMap] {
        var maps: [UInt8: RTPMap] = [:]
        for attribute in attributes where attribute.name == "rtpmap" {
            guard let value = attribute.value, let (number, map) = RTPMap.parse(value[...]) else {
                continue
            }
            if maps[number] == nil { maps[number] = map }
        }
        return maps
    }

    /// What each payload type of the `m=` line stands for, in its order: its `a=rtpmap`, else what
    /// RFC 3551 assigned to it, else what `other` says. Those without a meaning are left out.
    func encodings(explainedBy other: MediaDescription? = nil) -> [(number: UInt8, map: RTPMap)] {
        let own = rtpMaps
        let others = other?.rtpMaps ?? [:]
        return payloadTypes.compactMap { number in
            guard let map = own[number] ?? RTPMap.assigned(to: number) ?? others[number] else {
                return nil
            }
            // 9 is static: a phone that writes its sampling rate there still means it.
            if number == 9, map.encodingName.isSame(as: "G722") {
                return (number, RTPMap("G722", 8000))
            }
            return (number, map)
        }
    }

    /// The `a=fmtp` of the payload type (RFC 8866 §6.15).
    package func formatParameters(_ payloadType: UInt8) -> FormatParameters? {
        for attribute in attributes where attribute.name == "fmtp" {
            guard let value = attribute.value else { continue }
            let (number, rest) = value[...].trimmed.cut(0x20)
            if number.number(as: UInt8.self) == payloadType {
                return FormatParameters(rest ?? "")
            }
        }
        return nil
    }

    /// The packet time that the writer would like to receive, in ms (RFC 8866 §6.4).
    package var packetTime: Int? { milliseconds("ptime") }

    /// The longest packet time that the writer takes, in ms (RFC 8866 §6.5).
    package var maximumPacketTime: Int? { milliseconds("maxptime") }

    /// Whether RTCP may come on the RTP port (RFC 5761 §5.1.1).
    package var hasRTCPMux: Bool { attributes.contains { $0.name == "rtcp-mux" } }

    /// Where RTCP is to be sent if not to the next port (RFC 3605 §2.1).
    package var rtcp: RTCPAttribute? {
        attributes.value(of: "rtcp").flatMap { RTCPAttribute(line: $0) }
    }

    /// The keys that can be read, in their order (RFC 4568).
    package var crypto: [CryptoAttribute] {
        attributes.compactMap { attribute in
            guard attribute.name == "crypto", let value = attribute.value else { return nil }
            return CryptoAttribute(line: value[...])
        }
    }

    private func milliseconds(_ name: String) -> Int? {
        // Some write fractions ("2.5", "20.0"): whole milliseconds are enough here.
        attributes.value(of: name).flatMap { text -> Int? in
            text.cut(UInt8(ascii: ".")).0.number(as: UInt16.self).flatMap { $0 > 0 ? Int($0) : nil }
        }
    }
}

extension Direction {
    /// The first of the four attributes; nil when there is none.
    init?(attributes: [Attribute]) {
        for attribute in attributes {
            if let direction = Direction(rawValue: attribute.name) {
                self = direction
                return
            }
        }
        return nil
    }
}
