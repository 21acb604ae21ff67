import ArgumentParser
import Directory
import Foundation

struct UsersImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take users from a CSV file: all, or none and why not.",
        discussion: """
            The first line names the columns, as `users export` writes them; a column 'password' is \
            hashed and not kept. Faults are told as FILE:LINE: what; what to do.

            Without an option every user has to be new. --update adds users, and changes those that \
            are there in the columns that the file has; --replace makes the file all there is. A \
            password or hash that is left out stays as it was.
            """)

    @Argument(help: "The CSV file; - reads standard input.") var file: String
    @Flag(help: "Change users that are there already.") var update = false
    @Flag(help: "Also remove users that the file does not name.") var replace = false
    @Flag(help: "Say what would change, and change nothing.") var dryRun = false
    @OptionGroup var options: ConfigurationOption
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if update, replace { throw ValidationError("choose --update or --replace") }
    }

    func run() throws {
        guard let data = contents(of: file) else {
            standardError("\(file): can't be read; name a CSV file")
            throw ExitCode(65)
        }
        let (edits, faults) = UserTable.read(Array(data))
        let directory = try OpenDirectory(options, makes: true)
        let mode: MergeMode = replace ? .replace : update ? .update : .add
        let counts = try directory.merge(
            edits, mode, file: file, faults: faults, isTrial: dryRun)
        directory.warnOfMissingClasses(edits)
        guard !json else { return try printJSON(counts) }
        print(
            "\(counts.added) added, \(counts.changed) changed, \(counts.unchanged) unchanged, "
                + "\(counts.removed) removed\(dryRun ? " (nothing was written)" : "")")
    }
}

struct UsersExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print all users as CSV, for `users import`.",
        discussion: "Keep it to yourself: with the hashes in it one can register as any user.")

    @OptionGroup var options: ConfigurationOption

    func run() throws {
        let users = try OpenDirectory(options, makes: false).everyUser()
        FileHandle.standardOutput.write(Data(UserTable.written(users).utf8))
    }
}
