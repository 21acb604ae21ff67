import SIP

extension EndCause {
    /// For a log line.
    package var summary: String {
        switch self {
        case .cancelled: "cancelled by the caller"
        case .bye: "the other side hung up"
        case .refused(let status): "refused with \(status)"
        case .hungUp: "we hung up"
        case .failed(let response):
            // Why, in the other side's own words (RFC 3261 §20.43).
            "\(response.status) \(response.reason)"
                + (response.headers[first: .warning].map { ", warning \($0)" } ?? "")
        case .expired: "it expired before an answer"
        case .unanswered: "our offer was not answered"
        case .noAcknowledgement: "no ACK came"
        case .noProvisionalAcknowledgement: "no PRACK came"
        case .sessionExpired: "the session timer ran out"
        case .dialogGone(let status): "the other side knows the call no more (\(status))"
        case .transportFailed: "the other side can't be reached"
        }
    }
}
