import Appliance
import ArgumentParser

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what the running appliance plays, and to whom.")

    @OptionGroup var options: ConfigurationOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let status = try options.ask()
        guard !json else { return try printJSON(status) }
        print("node \(status.node): \(status.calls) calls, \(status.streams) streams")
        for failure in status.failures { print("FAILURE  \(failure)") }
        for alarm in status.alarms { print("ALARM    \(alarm)") }
        print("")
        printTable(
            ["CLASS", "LISTENERS", "TRACKS", "LENGTH", "NOW"],
            status.classes.map { item in
                let now = item.title.map { title in
                    guard let position = item.position else { return title }
                    return "\(title) (\(clock(position)) of \(clock(item.titleLength ?? 0)))"
                }
                return [
                    item.name, "\(item.listeners)", "\(item.tracks)", clock(item.length),
                    now ?? "-",
                ]
            })
        printSources(status)
    }
}

/// The live sources, where there are any.
func printSources(_ status: Status) {
    let sources = status.classes.compactMap { item in item.source.map { (item.name, $0) } }
    guard !sources.isEmpty else { return }
    print("")
    printTable(
        ["CLASS", "SOURCE", "STATE", "RESTARTS", "LAST FAILURE"],
        sources.map { name, source in
            [name, source.source, source.state, "\(source.restarts)", source.lastFailure ?? "-"]
        })
}
