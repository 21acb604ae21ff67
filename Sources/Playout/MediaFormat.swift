/// A form in which tracks are held ready to send: a codec with its rate and channels.
///
/// Every format is of constant bit rate, so that a place in a track is an address in memory:
/// ``octetsPerUnit`` octets for each ``unit`` of time. Opus is held as the bodies of 10 ms
/// hard-CBR CELT frames without their TOC octet: packets of every packet time are then a
/// prefix (RFC 6716 §3.2) and one run of memory.
package enum MediaFormat: UInt8, CaseIterable, Hashable, Sendable {
    case pcmu, pcma, g722
    case opusMono, opusStereo
    case l16At8000, l16At16000, l16At44100, l16At48000

    /// The encoding name as SDP writes it (RFC 3551 §6, RFC 7587 §7).
    package var encodingName: String {
        switch self {
        case .pcmu: "PCMU"
        case .pcma: "PCMA"
        case .g722: "G722"
        case .opusMono, .opusStereo: "opus"
        case .l16At8000, .l16At16000, .l16At44100, .l16At48000: "L16"
        }
    }

    /// Samples per second and channel that go into the encoder.
    package var sampleRate: Int {
        switch self {
        case .pcmu, .pcma, .l16At8000: 8000
        case .g722, .l16At16000: 16000
        case .l16At44100: 44100
        case .opusMono, .opusStereo, .l16At48000: 48000
        }
    }

    /// RTP timestamp ticks per second: for G.722 8000, though it samples at 16000 (RFC 3551 §4.5.2).
    package var clockRate: Int { self == .g722 ? 8000 : sampleRate }

    package var channels: Int { self == .opusStereo ? 2 : 1 }

    /// The smallest time that can be addressed.
    @inlinable
    package var unit: MediaTime {
        switch self {
        case .opusMono, .opusStereo, .l16At44100: MediaTime(ticks: 80)
        default: MediaTime(ticks: 1)
        }
    }

    /// Octets of one ``unit``.
    @inlinable
    package var octetsPerUnit: Int {
        switch self {
        case .pcmu, .pcma, .g722: 1
        case .opusMono: 79  // with its TOC 64 kbit/s
        case .opusStereo: 119  // with its TOC 96 kbit/s
        case .l16At8000: 2
        case .l16At16000: 4
        case .l16At44100: 882
        case .l16At48000: 12
        }
    }

    /// Octets of `time` of audio; `time` is a multiple of ``unit``.
    @inlinable
    package func octets(of time: MediaTime) -> Int {
        Int(time.ticks / unit.ticks) &* octetsPerUnit
    }

    /// Octets that stand before the audio in every packet.
    ///
    /// Empty but for Opus, where it is the TOC and, from three frames on, the count of CBR frames
    /// (RFC 6716 §3.2.2, §3.2.3, §3.2.5). CELT-only fullband 10 ms is configuration 30 (Table 2).
    package func payloadPrefix(packetTime milliseconds: Int) -> [UInt8] {
        guard self == .opusMono || self == .opusStereo else { return [] }
        let toc: UInt8 = 30 << 3 | (self == .opusStereo ? 4 : 0)
        let frames = milliseconds / 10
        switch frames {
        case 1: return [toc]
        case 2: return [toc | 1]
        default: return [toc | 3, UInt8(truncatingIfNeeded: frames)]
        }
    }

    /// Octets of payload in a packet.
    package func payloadOctets(packetTime milliseconds: Int) -> Int {
        payloadPrefix(packetTime: milliseconds).count
            + octets(of: MediaTime(ticks: Int64(milliseconds) * 8))
    }
}
