import ArgumentParser
import Directory
import Foundation

/// The fields of a profile on a command line. An empty text sets a field back to its default.
struct UserOptions: ParsableArguments {
    @Option(help: "Another name that reaches the user; may be repeated.") var alias: [String] = []
    @Option(help: "A number that reaches the user, such as +15550100; may be repeated.")
    var did: [String] = []
    @Option(help: "The name that others see.") var displayName: String?
    @Option(help: "Where voicemail goes; may be repeated.") var email: [String] = []
    @Option(help: "Of announcements and mail, such as de. Default: voicemail.language.")
    var language: String?
    @Option(help: "Of the times in mail, such as Europe/Berlin.") var timeZone: String?
    @Option(help: "The music class that those hear whom the user puts on hold.")
    var music: String?
    @Option(help: "Whether callers can leave messages: on or off. Default: on.")
    var voicemail: String?
    @Option(help: "own, spoken or temporary. Default: own, where there is such a file.")
    var greeting: String?
    @Option(help: "Of the recording: wav, flac, mp3, opus or g711. Default: voicemail.format.")
    var format: String?
    @Option(help: "How the recording comes: attach, link, both or neither. Default: attach.")
    var attachment: String?
    @Option(help: "Of a message, such as 90s. Default: voicemail.max-length.")
    var maxLength: String?
    @Option(help: "Where the mailbox is, when it is elsewhere: host or SIP address.")
    var mailboxServer: String?
    @Option(help: "Gets the short form of voicemail (pager, SMS); may be repeated.")
    var shortEmail: [String] = []
    @Option(help: "A web address that is told of each message.") var webhook: String?
    @Option(help: "Whether a call without a message is mailed: on or off.")
    var missedCallMail: String?
    @Option(help: "File with the password in its first line; - reads standard input.")
    var passwordFile: String?
    @Flag(help: "Make a password and print it.") var generatePassword = false

    func validate() throws {
        if passwordFile != nil, generatePassword {
            throw ValidationError("choose --password-file or --generate-password")
        }
    }

    /// The fields that were given. Ends with 65 when the password can't be read.
    func values() throws -> [UserField: String] {
        let texts: [(UserField, String?)] = [
            (.displayName, displayName), (.language, language), (.timeZone, timeZone),
            (.music, music), (.voicemail, voicemail), (.greeting, greeting), (.format, format),
            (.attachment, attachment), (.maximumLength, maxLength),
            (.mailboxServer, mailboxServer), (.webhook, webhook),
            (.missedCallMail, missedCallMail), (.password, try password()),
        ]
        let lists: [(UserField, [String])] = [
            (.alias, alias), (.did, did), (.email, email), (.shortEmail, shortEmail),
        ]
        var values: [UserField: String] = [:]
        for (field, text) in texts { values[field] = text }
        for (field, list) in lists where !list.isEmpty {
            values[field] = list.joined(separator: ";")
        }
        return values
    }

    private func password() throws -> String? {
        if generatePassword { return Self.generated() }
        guard let passwordFile else { return nil }
        guard let data = contents(of: passwordFile), let text = String(data: data, encoding: .utf8)
        else {
            standardError("\(passwordFile): can't be read as text; name a file with the password")
            throw ExitCode(65)
        }
        return String(text.prefix { !$0.isNewline })
    }

    /// Some 119 bits from the kernel, in characters that nobody confuses on a telephone's keys.
    private static func generated() -> String {
        let characters = Array("abcdefghijkmnpqrstuvwxyz23456789")
        var random = SystemRandomNumberGenerator()
        return String((0..<24).compactMap { _ in characters.randomElement(using: &random) })
    }
}

/// A file's octets, or those of standard input for `-`; nil when they can't be read.
func contents(of file: String) -> Data? {
    guard file == "-" else { return FileManager.default.contents(atPath: file) }
    return try? FileHandle.standardInput.readToEnd() ?? Data()
}
