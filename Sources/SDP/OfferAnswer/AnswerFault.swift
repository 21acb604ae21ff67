/// Why an answer to our offer can't be used; the call is then ended with BYE (RFC 3261 §13.2.2.4).
package enum AnswerFault: Error, Hashable, Sendable {
    /// No offer of ours is open.
    case unexpected
    /// Another number of streams than offered (RFC 3264 §6).
    case streams
    /// The audio stream was refused with port 0.
    case refused
    /// No codec that we offered.
    case formats
    /// No address that anything can be sent to.
    case address
}

extension AnswerFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unexpected: "answer without an offer"
        case .streams: "answer with another number of streams than the offer"
        case .refused: "audio refused"
        case .formats: "answer without an offered codec"
        case .address: "answer without a usable address"
        }
    }
}
