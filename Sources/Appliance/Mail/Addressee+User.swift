package import Directory
internal import Foundation
package import Spool

extension Addressee {
    /// A user of the directory, with the configuration's word where the profile has none.
    package init(_ user: User, _ configuration: Configuration) {
        let profile = user.voicemail
        let format: AttachmentFormat =
            switch configuration.voicemail.format {
            case .wav: .wav
            case .flac: .flac
            case .mp3: .mp3
            case .opus: .opus
            case .g711: .g711
            }
        self.init(
            user: user.name, displayName: user.displayName, addresses: user.mailAddresses,
            language: user.language ?? configuration.voicemail.language,
            timeZone: user.timeZone ?? TimeZone.current.identifier,
            format: profile.format.flatMap { AttachmentFormat(rawValue: $0.rawValue) } ?? format,
            attachment: Attachment(rawValue: profile.attachment.rawValue) ?? .attach,
            shortAddresses: profile.shortAddresses, webhook: profile.webhook)
    }

    /// The user whom a name, an alias or a number belongs to; nil when it is nobody's.
    package static func find(_ name: String, _ configuration: Configuration) async throws
        -> Addressee?
    {
        guard let key = UserKey(name) else { return nil }
        let directory = try SQLiteDirectory(path: configuration.directory.sqlite)
        return try await directory.user(key).map { Addressee($0, configuration) }
    }
}
