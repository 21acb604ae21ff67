/// An encoding, its RTP clock and its channels, as an `a=rtpmap` names them (RFC 8866 §6.6).
package struct RTPMap: Hashable, Sendable {
    package var encodingName: String
    /// RTP timestamp ticks per second.
    package var clockRate: Int
    package var channels: Int

    package init(_ encodingName: String, _ clockRate: Int, channels: Int = 1) {
        self.encodingName = encodingName
        self.clockRate = clockRate
        self.channels = channels
    }

    /// Reads `97 opus/48000/2`.
    static func parse(_ text: Substring) -> (payloadType: UInt8, map: RTPMap)? {
        let words = text.words
        guard words.count >= 2, let number = words[0].number(as: UInt8.self), number < 128 else {
            return nil
        }
        let parts = words[1].parts(UInt8(ascii: "/"))
        guard parts.count >= 2, !parts[0].isEmpty, let clock = parts[1].number(as: UInt32.self),
            clock > 0
        else { return nil }
        var channels = 1
        if parts.count > 2 {
            guard let n = parts[2].number(as: UInt8.self), n > 0 else { return nil }
            channels = Int(n)
        }
        return (number, RTPMap(String(parts[0]), Int(clock), channels: channels))
    }

    /// The static payload types of RFC 3551 §6 that need no `a=rtpmap`.
    package static func assigned(to payloadType: UInt8) -> RTPMap? {
        switch payloadType {
        case 0: RTPMap("PCMU", 8000)
        case 3: RTPMap("GSM", 8000)
        case 4: RTPMap("G723", 8000)
        case 5: RTPMap("DVI4", 8000)
        case 6: RTPMap("DVI4", 16000)
        case 7: RTPMap("LPC", 8000)
        case 8: RTPMap("PCMA", 8000)
        case 9: RTPMap("G722", 8000)
        case 10: RTPMap("L16", 44100, channels: 2)
        case 11: RTPMap("L16", 44100)
        case 12: RTPMap("QCELP", 8000)
        case 13: RTPMap("CN", 8000)
        case 15: RTPMap("G728", 8000)
        case 18: RTPMap("G729", 8000)
        default: nil
        }
    }

    /// Whether both name one encoding; names don't depend on case.
    package func isSame(as other: RTPMap) -> Bool {
        clockRate == other.clockRate && channels == other.channels
            && encodingName.isSame(as: other.encodingName)
    }

    package var text: String {
        channels == 1
            ? "\(encodingName)/\(clockRate)" : "\(encodingName)/\(clockRate)/\(channels)"
    }
}
