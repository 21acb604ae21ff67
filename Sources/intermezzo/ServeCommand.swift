import Appliance
import ArgumentParser

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the appliance until SIGTERM; SIGHUP reloads.")

    @OptionGroup var options: ConfigurationOption
    @Flag(help: "Print what to dial once it is ready.") var greet = false

    func run() async throws {
        do {
            try await Serve.run(file: options.config, greets: greet)
        } catch let faults as ConfigurationFaults {
            throw faults.exit()
        } catch {
            standardError("\(error)")
            throw ExitCode.failure
        }
    }
}
