package import Primitives

/// How one user's mailbox takes messages and hands them on.
package struct VoicemailProfile: Hashable, Sendable {
    package var isOn: Bool
    package var greeting: Greeting
    /// Nil: `voicemail.format` of the configuration.
    package var format: Format?
    /// Nil: `voicemail.attachment`.
    package var attachment: Attachment?
    /// Of a message. Nil: `voicemail.max-length`.
    package var maximumLength: Interval?
    /// Where this user's mailbox is, when it isn't here: host, host and port, or SIP URI.
    package var mailboxServer: String?
    /// Mail addresses that get the short form (pager, SMS gateway).
    package var shortAddresses: [String]
    /// A webhook that is told of each message: http or https URL.
    package var webhook: String?
    /// Whether a call that left no message is told by mail. Nil: `voicemail.missed-call-mail`.
    package var sendsMissedCallMail: Bool?

    package init(
        isOn: Bool = true, greeting: Greeting = .own, format: Format? = nil,
        attachment: Attachment? = nil, maximumLength: Interval? = nil,
        mailboxServer: String? = nil, shortAddresses: [String] = [], webhook: String? = nil,
        sendsMissedCallMail: Bool? = nil
    ) {
        self.isOn = isOn
        self.greeting = greeting
        self.format = format
        self.attachment = attachment
        self.maximumLength = maximumLength
        self.mailboxServer = mailboxServer
        self.shortAddresses = shortAddresses
        self.webhook = webhook
        self.sendsMissedCallMail = sendsMissedCallMail
    }

    /// Which greeting callers hear.
    package enum Greeting: String, Hashable, Sendable, CaseIterable {
        /// The user's file for the reason of the call; where there is none, the spoken default.
        case own
        /// The spoken default, whatever files there are.
        case spoken
        /// The user's temporary file, whatever the reason of the call.
        case temporary
    }

    /// The form of the recording in the mail; the same words as in the spool's envelope.
    package enum Format: String, Hashable, Sendable, CaseIterable {
        case wav, flac, mp3, opus, g711
    }

    /// How the recording reaches the reader; the same words as in the spool's envelope.
    package enum Attachment: String, Hashable, Sendable, CaseIterable {
        case attach, link, both, neither
    }
}
