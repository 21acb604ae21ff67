/// A field of a profile by the name that administrators use: the column of a CSV file and the option
/// of `intermezzo users`.
package enum UserField: String, Hashable, Sendable, CaseIterable {
    case user
    case alias
    case did
    case displayName = "display-name"
    case email
    case language
    case timeZone = "time-zone"
    case music
    case voicemail
    case greeting
    case format
    case attachment
    case maximumLength = "max-length"
    case mailboxServer = "mailbox-server"
    case shortEmail = "short-email"
    case webhook
    case missedCallMail = "missed-call-mail"
    /// Is read and never told.
    case password
    case realm
    case md5 = "ha1-md5"
    case sha256 = "ha1-sha256"

    /// Those that a profile can tell: all but the password.
    package static let told = allCases.filter { $0 != .password }

    package static let credentials: Set<UserField> = [.password, .realm, .md5, .sha256]

    /// Whether the field holds any number of values, separated by `;`.
    package var isList: Bool {
        switch self {
        case .alias, .did, .email, .shortEmail: true
        default: false
        }
    }
}
