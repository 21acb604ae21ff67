internal import Directory
package import Spool
internal import Voicemail

extension Addressee {
    /// The user whom a name, an alias or a number belongs to; nil when it is nobody's.
    package static func find(_ name: String, _ configuration: Configuration) async throws
        -> Addressee?
    {
        guard let key = UserKey(name) else { return nil }
        let directory = try SQLiteDirectory(path: configuration.directory.sqlite)
        return try await directory.user(key)
            .map { Addressee($0, VoicemailConfiguration(configuration)) }
    }
}
