import Appliance
import ArgumentParser
import Directory
import Foundation

struct UsersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Who the users are, and what they want.",
        discussion: """
            Works on the file that directory.sqlite names, whether the appliance runs or not; it \
            sees a change with the next call.

            Exits with 0; 64 for a command that is not understood; 65 for users that are not taken, \
            with a line for every fault, and nothing is changed; 78 for a faulty configuration; 1 \
            when the file can't be used.
            """,
        subcommands: [
            UsersAddCommand.self, UsersSetCommand.self, UsersShowCommand.self,
            UsersListCommand.self, UsersRemoveCommand.self, UsersImportCommand.self,
            UsersExportCommand.self,
        ])
}

/// The directory that a configuration names.
struct OpenDirectory {
    let configuration: Configuration
    let users: SQLiteDirectory

    /// Ends with 78 when the configuration has faults, with 1 when the file can't be used.
    init(_ options: ConfigurationOption, makes: Bool) throws {
        configuration = try options.load()
        // Whole, since what a relative path stands for depends on where the command runs.
        let path = URL(fileURLWithPath: configuration.directory.sqlite).path
        let isThere = FileManager.default.fileExists(atPath: path)
        do {
            users = try SQLiteDirectory(path: path, makes: makes)
            if !isThere { standardError("\(path): new, since there was no such file") }
        } catch {
            standardError("\(error)")
            throw ExitCode.failure
        }
    }

    /// Ends with 65 and a line for every fault.
    func merge(
        _ edits: [UserEdit], _ mode: MergeMode, file: String? = nil, faults: [EditFault] = [],
        isTrial: Bool = false
    ) throws -> MergeCounts {
        do {
            return try users.merge(
                edits, mode, domain: configuration.domain, faults: faults, isTrial: isTrial)
        } catch {
            throw error.exit(file: file)
        }
    }

    /// Says which of the edits' music classes don't exist: that is no fault, they may come later.
    func warnOfMissingClasses(_ edits: [UserEdit]) {
        let named = Set(edits.compactMap { $0.values[.music] }).filter { !$0.isEmpty }
        guard !named.isEmpty else { return }
        let known = MediaSurvey.classes(configuration)
        for name in named.sorted() where !known.contains(name) {
            standardError(
                "warning: there is no class '\(name)' yet; make a folder of that name in "
                    + "media.directory")
        }
    }
}

extension MergeError {
    /// Says why nothing was changed; EX_DATAERR of sysexits(3) for what the administrator wrote.
    func exit(file: String? = nil) -> ExitCode {
        switch self {
        case .directory(let error):
            standardError("\(error)")
            return .failure
        case .refused(let faults):
            for fault in faults {
                let line = fault.line.map { ":\($0)" } ?? ""
                standardError((file.map { "\($0)\(line): " } ?? "") + "\(fault.fault)")
            }
            return ExitCode(65)
        }
    }
}

extension DirectoryError {
    func exit() -> ExitCode {
        standardError("\(self)")
        return .failure
    }
}
