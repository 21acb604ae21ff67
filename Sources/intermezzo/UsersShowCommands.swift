import ArgumentParser
import Directory
import Foundation

struct UsersShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a user.")

    @Argument(help: "A name, an alias or a number of the user.") var name: String
    @OptionGroup var options: ConfigurationOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let directory = try OpenDirectory(options, makes: false)
        let user: User?
        do {
            user = try UserKey(name).flatMap { key throws(DirectoryError) in
                try directory.users.userNow(key)
            }
        } catch {
            throw error.exit()
        }
        guard let user else {
            standardError("nobody has the name or number '\(name)'; see `intermezzo users list`")
            throw ExitCode(65)
        }
        guard !json else { return try printJSON(UserReport(user)) }
        let fields = UserField.told.filter { $0 != .md5 && $0 != .sha256 }
        var rows = fields.map { field in
            [field.rawValue, user.text(field).replacingOccurrences(of: ";", with: "; ")]
        }
        rows.append(["password", UserReport(user).password.joined(separator: ", ")])
        printTable(["FIELD", "VALUE"], rows.map { [$0[0], $0[1].isEmpty ? "-" : $0[1]] })
    }
}

struct UsersListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the users.")

    @OptionGroup var options: ConfigurationOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let users = try OpenDirectory(options, makes: false).everyUser()
        guard !json else { return try printJSON(users.map(UserReport.init)) }
        printTable(
            ["USER", "NAME", "NUMBERS", "EMAIL", "MUSIC", "VOICEMAIL"],
            users.map { user in
                [.user, .displayName, .did, .email, .music, .voicemail].map { (field: UserField) in
                    let text = user.text(field)
                    return text.isEmpty ? "-" : text
                }
            })
    }
}

extension OpenDirectory {
    /// All users by name; ends with 1 when they can't be read.
    func everyUser() throws -> [User] {
        do {
            return try users.all()
        } catch {
            throw error.exit()
        }
    }
}

/// A user as JSON: the names of the fields, lists as lists, fields without a value as null. Hashes
/// are not told, only which there are.
struct UserReport: Encodable {
    private let user: User

    init(_ user: User) { self.user = user }

    /// The algorithms that the user can register by.
    var password: [String] {
        guard let credentials = user.credentials else { return [] }
        return (credentials.md5 == nil ? [] : ["MD5"])
            + (credentials.sha256 == nil ? [] : ["SHA-256"])
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for field in UserField.told where field != .md5 && field != .sha256 {
            let text = user.text(field)
            let key = Key(stringValue: field.rawValue)
            if field.isList {
                try container.encode(text.split(separator: ";").map(String.init), forKey: key)
            } else {
                try container.encode(text.isEmpty ? nil : text, forKey: key)
            }
        }
        try container.encode(password, forKey: Key(stringValue: "password"))
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
