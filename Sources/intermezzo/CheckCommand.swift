import Appliance
import ArgumentParser

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Name every fault of a configuration file.",
        discussion: "Exits with 0 when there is none, else with 78 and a line for each.")

    @OptionGroup var options: ConfigurationOption

    func run() throws {
        do {
            _ = try Configuration(contentsOf: options.config)
        } catch {
            throw error.exit()
        }
    }
}
