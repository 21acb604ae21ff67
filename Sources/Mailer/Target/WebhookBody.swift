internal import FoundationEssentials
internal import Primitives
internal import Spool

/// What a webhook is told: JSON of what is known of the message, without its sound.
struct WebhookBody: Encodable {
    /// `message` or `missed-call`.
    let event: String
    let id: String
    let user: String
    let called: String
    let callerNumber: String?
    let callerName: String?
    let callerURI: String
    let reason: String
    /// ISO 8601.
    let began: String
    let seconds: Double
    let urgent: Bool
    let messageID: String
    let transcript: String?
    private(set) var link: String?
    private(set) var linkExpires: String?

    init(_ envelope: Envelope, isMissedCall: Bool, transcript: String?) {
        event = isMissedCall ? "missed-call" : "message"
        id = "\(envelope.id)"
        user = envelope.addressee.user
        called = envelope.called
        callerNumber = envelope.caller.number
        callerName = envelope.caller.displayName
        callerURI = envelope.caller.uri
        reason = envelope.reason.rawValue
        began = WebhookBody.text(envelope.began)
        let length = Double(envelope.samples ?? 0) / Double(max(1, envelope.sampleRate))
        seconds = (length * 1000).rounded() / 1000
        urgent = envelope.isUrgent
        messageID = envelope.messageID
        self.transcript = transcript
    }

    var isMissedCall: Bool { event == "missed-call" }

    mutating func show(_ link: (url: String, expires: WallClockTime)) {
        self.link = link.url
        linkExpires = WebhookBody.text(link.expires)
    }

    /// The same octets every time.
    var octets: [UInt8] { Array(Spool.encoded(self)) }

    private static func text(_ time: WallClockTime) -> String {
        Date(timeIntervalSince1970: Double(time.nanoseconds) / 1e9).formatted(.iso8601)
    }
}
