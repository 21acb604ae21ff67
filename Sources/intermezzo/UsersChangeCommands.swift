import ArgumentParser
import Directory

struct UsersAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a user.")

    @Argument(help: "The user name: the user part of the SIP address.") var name: String
    @OptionGroup var user: UserOptions
    @OptionGroup var options: ConfigurationOption

    func run() throws {
        let edit = UserEdit(name: name, values: try user.values())
        let directory = try OpenDirectory(options, makes: true)
        _ = try directory.merge([edit], .add)
        directory.warnOfMissingClasses([edit])
        if user.generatePassword { print(edit.values[.password] ?? "") }
    }
}

struct UsersSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change a user.",
        discussion: """
            Only what is given changes; an empty text ('') sets a field back to its default. A list \
            (alias, did, email, short-email) is replaced whole.
            """)

    @Argument(help: "The user name.") var name: String
    @OptionGroup var user: UserOptions
    @Flag(help: "Take the password away: the user can't register any more.")
    var noPassword = false
    @OptionGroup var options: ConfigurationOption

    func validate() throws {
        if noPassword, user.passwordFile != nil || user.generatePassword {
            throw ValidationError("--no-password takes away what the other option gives")
        }
    }

    func run() throws {
        let edit = UserEdit(
            name: name, values: try user.values(), removesCredentials: noPassword)
        let directory = try OpenDirectory(options, makes: false)
        _ = try directory.merge([edit], .change)
        directory.warnOfMissingClasses([edit])
        if user.generatePassword { print(edit.values[.password] ?? "") }
    }
}

struct UsersRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove users.",
        discussion: "All of them, or none when one isn't there. Messages and greetings stay.")

    @Argument(help: "The user names.") var names: [String]
    @OptionGroup var options: ConfigurationOption

    func run() throws {
        let directory = try OpenDirectory(options, makes: false)
        do {
            try directory.users.remove(names)
        } catch {
            throw error.exit()
        }
    }
}
