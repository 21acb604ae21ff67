/// What the appliance knows of one user: the profile.
///
/// Where a field is nil the configuration decides; an administrator who changes it there changes it
/// for every user who has set nothing.
package struct User: Hashable, Sendable {
    /// The user name: the user part of the address, the mailbox, and the `username` of digest
    /// authentication. Written as the administrator wrote it; see ``UserKey`` for how it compares.
    package var name: String
    /// Other user parts that reach the user.
    package var aliases: [String]
    /// Telephone numbers that reach the user (direct dial-in), as they were written.
    package var numbers: [String]
    package var credentials: StoredCredentials?
    package var displayName: String?
    package var mailAddresses: [String]
    /// RFC 5646 tag such as `de` or `en-GB`.
    package var language: String?
    /// IANA name such as `Europe/Berlin`.
    package var timeZone: String?
    /// What those hear whom the user puts on hold.
    package var musicClass: String?
    package var voicemail: VoicemailProfile

    package init(
        name: String, aliases: [String] = [], numbers: [String] = [],
        credentials: StoredCredentials? = nil, displayName: String? = nil,
        mailAddresses: [String] = [], language: String? = nil, timeZone: String? = nil,
        musicClass: String? = nil, voicemail: VoicemailProfile = VoicemailProfile()
    ) {
        self.name = name
        self.aliases = aliases
        self.numbers = numbers
        self.credentials = credentials
        self.displayName = displayName
        self.mailAddresses = mailAddresses
        self.language = language
        self.timeZone = timeZone
        self.musicClass = musicClass
        self.voicemail = voicemail
    }

    /// Every key that finds this user; each belongs to one user of a directory at most.
    package var keys: Set<String> {
        Set(([name] + aliases + numbers).flatMap { UserKey($0)?.candidates ?? [] })
    }
}
