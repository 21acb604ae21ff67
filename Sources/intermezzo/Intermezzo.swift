import ArgumentParser

@main
struct Intermezzo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intermezzo", abstract: "Music on hold and voicemail for SIP telephones.",
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, CheckCommand.self, CallCommand.self, MediaCommand.self,
            ExplainCommand.self, StatusCommand.self, UsersCommand.self, MailCommand.self,
        ])
}
