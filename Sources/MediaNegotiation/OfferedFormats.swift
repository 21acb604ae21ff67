package import Playout
package import SDP

extension SupportedFormat {
    /// The codec of SDP that carries a format. Both Opus formats are the one codec `opus/48000/2`
    /// (RFC 7587 §7): how many channels go is decided by the listener's `stereo` parameter.
    package init(_ format: MediaFormat, packetTimes: [Int]) {
        switch format {
        case .pcmu: self = .pcmu
        case .pcma: self = .pcma
        case .g722: self = .g722
        case .opusMono, .opusStereo: self = .opus
        case .l16At8000, .l16At16000, .l16At44100, .l16At48000: self = .l16(format.sampleRate)
        }
        if let longest = packetTimes.max() { maximumPacketTime = min(maximumPacketTime, longest) }
    }
}

/// The formats of a session's description, and what is sent for each.
package struct OfferedFormats: Sendable {
    /// For ``SDP/LocalCapabilities/formats``.
    package let supported: [SupportedFormat]
    private let formats: [MediaFormat]
    private let hasStereo: Bool

    /// - Parameter packetTimes: those in which a format fits a packet, in milliseconds.
    package init(_ formats: [MediaFormat], packetTimes: (MediaFormat) -> [Int]) {
        hasStereo = formats.contains(.opusStereo)
        let mono = formats.filter { $0 != .opusStereo || !formats.contains(.opusMono) }
        self.formats = mono
        supported = mono.map { SupportedFormat($0, packetTimes: packetTimes($0)) }
    }

    /// What is sent for what was settled.
    package func mediaFormat(of audio: NegotiatedAudio) -> MediaFormat? {
        guard formats.indices.contains(audio.format) else { return nil }
        let format = formats[audio.format]
        return format == .opusMono && hasStereo && audio.stereo ? .opusStereo : format
    }

    /// The format at a place of ``supported``; nil beyond the end.
    package func format(at index: Int) -> MediaFormat? {
        formats.indices.contains(index) ? formats[index] : nil
    }

    /// The place of a format in ``supported``.
    package func index(of format: MediaFormat) -> Int? { formats.firstIndex(of: format) }
}
