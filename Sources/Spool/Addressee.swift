/// For whom a message is, as the directory said when the call was taken: a message can be delivered
/// whatever becomes of the directory afterwards.
package struct Addressee: Hashable, Sendable, Codable {
    /// The mailbox's user name.
    package var user: String
    package var displayName: String?
    /// Where the mail goes. Empty: to the Maildir of `user` alone.
    package var addresses: [String]
    /// RFC 5646 tag such as `de` or `en`.
    package var language: String
    /// IANA name such as `Europe/Berlin`.
    package var timeZone: String
    package var format: AttachmentFormat
    package var attachment: Attachment
    /// Addresses that get the short form (pager, SMS gateway).
    package var shortAddresses: [String]
    /// A webhook that is told of each message: http or https URL.
    package var webhook: String?
    /// Whether a call that left no message is told. Nil, as in files of older versions: no.
    package var missedCallMail: Bool?

    package var wantsMissedCalls: Bool { missedCallMail == true }

    package init(
        user: String, displayName: String? = nil, addresses: [String] = [],
        language: String = "en", timeZone: String = "UTC", format: AttachmentFormat = .wav,
        attachment: Attachment = .attach, shortAddresses: [String] = [], webhook: String? = nil,
        missedCallMail: Bool? = nil
    ) {
        self.user = user
        self.displayName = displayName
        self.addresses = addresses
        self.language = language
        self.timeZone = timeZone
        self.format = format
        self.attachment = attachment
        self.shortAddresses = shortAddresses
        self.webhook = webhook
        self.missedCallMail = missedCallMail
    }

    /// How the recording reaches the reader.
    package enum Attachment: String, Hashable, Sendable, Codable, CaseIterable {
        case attach, link, both, neither
    }
}

/// The form of the recording in the mail.
package enum AttachmentFormat: String, Hashable, Sendable, Codable, CaseIterable {
    /// 16-bit linear PCM in WAV.
    case wav
    case flac
    case mp3
    /// Opus in Ogg (RFC 7845).
    case opus
    /// µ-law in WAV, 8 kHz.
    case g711
}
