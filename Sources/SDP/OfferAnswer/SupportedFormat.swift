/// A codec that we can send (and, if the application receives, take).
package struct SupportedFormat: Hashable, Sendable {
    /// Name, RTP clock and channels as in `a=rtpmap`; Opus is always `opus/48000/2` (RFC 7587 §7).
    package var map: RTPMap
    /// What we write in `a=fmtp`; nil for no such line.
    package var parameters: String?
    /// The number that we offer it with until the peer has bound another.
    package var preferredPayloadType: UInt8?
    /// The longest packet time in ms that fits the path's MTU.
    package var maximumPacketTime: Int
    /// What we send, in bit/s: an Opus receiver with a lower `maxaveragebitrate` gets another
    /// codec if there is one. Nil when it doesn't matter.
    package var bitRate: Int?
    /// Opus: what two channels take, in bit/s; nil when we have them in mono only.
    package var stereoBitRate: Int?

    package init(
        _ map: RTPMap, parameters: String? = nil, preferredPayloadType: UInt8? = nil,
        maximumPacketTime: Int = 60, bitRate: Int? = nil, stereoBitRate: Int? = nil
    ) {
        self.map = map
        self.parameters = parameters
        self.preferredPayloadType = preferredPayloadType
        self.maximumPacketTime = maximumPacketTime
        self.bitRate = bitRate
        self.stereoBitRate = stereoBitRate
    }

    package var isOpus: Bool { map.encodingName.isSame(as: "opus") }

    package static let pcmu = SupportedFormat(RTPMap("PCMU", 8000), preferredPayloadType: 0)
    package static let pcma = SupportedFormat(RTPMap("PCMA", 8000), preferredPayloadType: 8)
    /// The clock is 8000 though it samples at 16000 (RFC 3551 §4.5.2).
    package static let g722 = SupportedFormat(RTPMap("G722", 8000), preferredPayloadType: 9)
    package static let opus = SupportedFormat(
        RTPMap("opus", 48000, channels: 2), preferredPayloadType: 107, bitRate: 64_000,
        stereoBitRate: 96_000)
    /// L16, mono; 1400 octets at most in a packet.
    package static func l16(_ rate: Int) -> SupportedFormat {
        let fitting = [60, 40, 30, 20, 10].first { rate / 1000 &* 2 &* $0 <= 1400 } ?? 10
        return SupportedFormat(
            RTPMap("L16", rate), preferredPayloadType: rate == 44100 ? 11 : nil,
            maximumPacketTime: fitting)
    }
}
