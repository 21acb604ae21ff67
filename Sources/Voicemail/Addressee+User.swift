package import Directory
package import Spool

extension Addressee {
    /// A user of the directory as the profile is now, with the configuration's word where it has
    /// none.
    package init(_ user: User, _ configuration: VoicemailConfiguration) {
        let profile = user.voicemail
        self.init(
            user: user.name, displayName: user.displayName, addresses: user.mailAddresses,
            language: user.language ?? configuration.language,
            timeZone: user.timeZone ?? configuration.timeZone,
            format: profile.format.flatMap { AttachmentFormat(rawValue: $0.rawValue) }
                ?? configuration.format,
            attachment: profile.attachment.flatMap { Attachment(rawValue: $0.rawValue) }
                ?? configuration.attachment,
            shortAddresses: profile.shortAddresses, webhook: profile.webhook,
            missedCallMail: profile.sendsMissedCallMail ?? configuration.sendsMissedCallMail)
    }
}
