/// Why an offer can't be answered. The call, if there is one, goes on as it was (RFC 3261 §14.1).
package enum OfferRejection: Error, Hashable, Sendable {
    /// No audio stream in it (T.38, video alone).
    case noAudio
    /// Audio, but only with a profile that isn't done here, such as RTP/SAVP.
    case transport
    /// No codec in common.
    case formats
    /// The only address is of a family that we don't send over.
    case addressFamily
    /// The address isn't one (a host's name), or nobody can be reached there.
    case address
    /// A multicast group that isn't ours.
    case multicast
    /// Our own offer has no answer yet (RFC 3261 §14.2, RFC 3311 §5.2).
    case glare

    /// 488 Not Acceptable Here, or 491 Request Pending.
    package var statusCode: Int { self == .glare ? 491 : 488 }

    /// The warn-code of a `Warning` header field (RFC 3261 §20.43); nil when none fits.
    package var warningCode: Int? {
        switch self {
        case .noAudio: 304
        case .transport: 302
        case .formats: 305
        case .addressFamily: 300
        case .address: 301
        case .multicast: 330
        case .glare: nil
        }
    }

    /// The text that goes with it.
    package var warningText: String {
        switch self {
        case .noAudio: "Only audio is available"
        case .transport: "Only RTP/AVP and RTP/AVPF are available"
        case .formats: "No codec in common"
        case .addressFamily: "Address family not available"
        case .address: "No usable unicast address"
        case .multicast: "Multicast group not available"
        case .glare: "Offer outstanding"
        }
    }
}
