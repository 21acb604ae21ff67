internal import Foundation
internal import GRDB
internal import Primitives

/// A user as a row of the table `user`: lists are JSON arrays, `maximum_length` is milliseconds.
extension User {
    static let columns = [
        "name", "aliases", "numbers", "realm", "ha1_md5", "ha1_sha256", "display_name",
        "mail_addresses", "language", "time_zone", "music_class", "voicemail", "greeting", "format",
        "attachment", "maximum_length", "mailbox_server", "short_addresses", "webhook",
        "missed_call_mail",
    ]

    /// In the order of ``columns``.
    var values: StatementArguments {
        let mailbox = voicemail
        return [
            name, User.list(aliases), User.list(numbers), credentials?.realm, credentials?.md5,
            credentials?.sha256, displayName, User.list(mailAddresses), language, timeZone,
            musicClass, mailbox.isOn, mailbox.greeting.rawValue, mailbox.format?.rawValue,
            // The column takes no NULL.
            mailbox.attachment?.rawValue ?? "",
            mailbox.maximumLength.map { $0.nanoseconds / 1_000_000 }, mailbox.mailboxServer,
            User.list(mailbox.shortAddresses), mailbox.webhook, mailbox.sendsMissedCallMail,
        ]
    }

    /// Throws ``RowFault``, or an error of GRDB's when a column is missing or of another type.
    init(_ row: Row) throws {
        func word<T: RawRepresentable<String>>(_ column: String, _: T.Type) throws -> T? {
            guard let text = try row.decode(String?.self, forColumn: column) else { return nil }
            guard let word = T(rawValue: text) else { throw RowFault(column: column, text: text) }
            return word
        }
        func list(_ column: String) throws -> [String] {
            let text = try row.decode(String.self, forColumn: column)
            guard let list = User.list(text) else { throw RowFault(column: column, text: text) }
            return list
        }
        func text(_ column: String) throws -> String? {
            try row.decode(String?.self, forColumn: column)
        }
        let credentials = try text("realm").map { realm in
            try StoredCredentials(
                realm: realm, md5: text("ha1_md5"), sha256: text("ha1_sha256"))
        }
        let mailbox = VoicemailProfile(
            isOn: try row.decode(Bool.self, forColumn: "voicemail"),
            greeting: try word("greeting", VoicemailProfile.Greeting.self) ?? .own,
            format: try word("format", VoicemailProfile.Format.self),
            attachment: try text("attachment") == ""
                ? nil : try word("attachment", VoicemailProfile.Attachment.self),
            maximumLength: try row.decode(Int?.self, forColumn: "maximum_length")
                .map(Interval.milliseconds),
            mailboxServer: try text("mailbox_server"), shortAddresses: try list("short_addresses"),
            webhook: try text("webhook"),
            sendsMissedCallMail: try row.decode(Bool?.self, forColumn: "missed_call_mail"))
        self.init(
            name: try row.decode(String.self, forColumn: "name"), aliases: try list("aliases"),
            numbers: try list("numbers"), credentials: credentials,
            displayName: try text("display_name"), mailAddresses: try list("mail_addresses"),
            language: try text("language"), timeZone: try text("time_zone"),
            musicClass: try text("music_class"), voicemail: mailbox)
    }

    /// Nil for what is no array of texts.
    ///
    /// A JSONDecoder takes longer for the lists of a row than SQLite for the row, so what we write
    /// ourselves as a rule is read here: texts without an escape, and nothing between them but commas.
    private static func list(_ text: String) -> [String]? {
        if text == "[]" { return [] }
        let octets = text.utf8
        let isPlain =
            octets.count >= 4 && text.hasPrefix(#"[""#) && text.hasSuffix(#""]"#)
            && !octets.contains { $0 == UInt8(ascii: "\\") || $0 < 0x20 }
        if isPlain {
            // Without escapes every quotation mark begins or ends a text.
            let parts = octets.dropFirst(2).dropLast(2)
                .split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
            let between = stride(from: 1, to: parts.count, by: 2)
            if parts.count % 2 == 1, between.allSatisfy({ parts[$0].elementsEqual(",".utf8) }) {
                return stride(from: 0, to: parts.count, by: 2).map { String(Substring(parts[$0])) }
            }
        }
        return try? JSONDecoder().decode([String].self, from: Data(octets))
    }

    private static func list(_ texts: [String]) -> String {
        guard !texts.isEmpty, let data = try? JSONEncoder().encode(texts) else { return "[]" }
        return String(decoding: data, as: UTF8.self)
    }
}

/// A column that holds what this program never writes there.
struct RowFault: Error, CustomStringConvertible {
    var column: String
    var text: String

    var description: String { "the column \(column) of table user holds '\(text)'" }
}
