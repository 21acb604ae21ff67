import Appliance
import ArgumentParser

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Name every fault of a configuration file.",
        discussion: """
            Exits with 0 when there is none, else with 78 and a line for each. Warnings are lines of \
            the same form and no reason to fail.
            """)

    @OptionGroup var options: ConfigurationOption

    func run() throws {
        do {
            for warning in try Configuration(contentsOf: options.config).warnings {
                standardError("\(warning)")
            }
        } catch {
            throw error.exit()
        }
    }
}
