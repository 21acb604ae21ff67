import Appliance
import ArgumentParser

struct MediaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "media", abstract: "The music files.", subcommands: [MediaListCommand.self])
}

struct MediaListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show every file, and why one does not play.",
        discussion: """
            Asks the running appliance; when none runs, the files are read, and those that can be \
            played are shown as ready.
            """)

    @OptionGroup var options: ConfigurationOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let configuration = try options.load()
        let status = try? AdminClient(configuration)?.status()
        let running = status?.files
        let files = running ?? MediaSurvey.files(configuration)
        guard !json else { return try printJSON(files) }
        printTable(
            ["FILE", "CLASS", "STATE", "LENGTH", "REASON"],
            files.map { file in
                var state = running == nil && file.state == "playing" ? "ready" : file.state
                if let progress = file.progress { state += " \(Int(progress * 100)) %" }
                return [
                    file.path, file.className ?? "-", state, file.length.map(clock) ?? "-",
                    file.reason ?? "",
                ]
            })
        if let status { printSources(status) }
    }
}
