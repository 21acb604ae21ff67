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
                    "\(title) (\(clock(item.position ?? 0)) of \(clock(item.titleLength ?? 0)))"
                }
                return [
                    item.name, "\(item.listeners)", "\(item.tracks)", clock(item.length),
                    now ?? "-",
                ]
            })
    }
}
