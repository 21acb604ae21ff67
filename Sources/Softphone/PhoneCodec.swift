package import Playout
import SDP

/// A codec of the test phone, as the command line names it.
package enum PhoneCodec: String, CaseIterable, Sendable {
    case opus, g722, pcmu, pcma
    case l16 = "l16"

    package init?(name: String) {
        switch name.lowercased() {
        case "opus": self = .opus
        case "g722", "g.722": self = .g722
        case "pcmu", "ulaw", "g711u", "g711": self = .pcmu
        case "pcma", "alaw", "g711a": self = .pcma
        case "l16": self = .l16
        default: return nil
        }
    }

    /// What it is in an offer.
    var supported: SupportedFormat {
        switch self {
        case .opus: .opus
        case .g722: .g722
        case .pcmu: .pcmu
        case .pcma: .pcma
        case .l16: .l16(16_000)
        }
    }

    /// What is decoded and encoded; Opus in one channel, to which its decoder mixes two.
    package var format: MediaFormat {
        switch self {
        case .opus: .opusMono
        case .g722: .g722
        case .pcmu: .pcmu
        case .pcma: .pcma
        case .l16: .l16At16000
        }
    }
}
