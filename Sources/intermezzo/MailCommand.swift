import Appliance
import ArgumentParser
import Foundation
import Primitives
import Spool

struct MailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail", abstract: "Voicemail on its way: the queue, and what became of it.",
        discussion: """
            These work on the spool of the configuration, whether the appliance runs or not. Run \
            them as the user that the appliance runs as.
            """,
        subcommands: [
            MailListCommand.self, MailShowCommand.self, MailRetryCommand.self,
            MailHoldCommand.self, MailDeleteCommand.self, MailRevokeCommand.self,
            MailExportCommand.self,
            MailTraceCommand.self, MailTestCommand.self, MailSubmitCommand.self,
            MailRenderCommand.self, MailTemplatesCommand.self,
        ])
}

extension ConfigurationOption {
    /// The spool that the configuration names.
    func spool() throws -> Spool {
        let directory = try load().voicemail.spool
        return try reporting { try Spool(directory: directory) }
    }
}

/// Says what went wrong on standard error, and ends with 1.
func reporting<Result>(_ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as SpoolError {
        standardError("\(error)")
        throw ExitCode.failure
    } catch let error as CocoaError {
        let place = error.filePath.map { "\($0): " } ?? ""
        standardError("\(place)\(error.localizedDescription)")
        throw ExitCode.failure
    }
}

struct MessageArgument: ParsableArguments {
    @Argument(help: "The message's identifier, as 'mail list' shows it.")
    var id: String

    func identifier() throws -> MessageIdentifier {
        guard let identifier = MessageIdentifier(id) else {
            throw ValidationError("'\(id)' is no message's identifier: see 'intermezzo mail list'")
        }
        return identifier
    }
}

/// A time as people of the place write it.
func local(_ time: WallClockTime) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    return formatter.string(from: Date(timeIntervalSince1970: Double(time.nanoseconds) / 1e9))
}
