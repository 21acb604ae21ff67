import Appliance
import ArgumentParser

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say which class a call would hear, and which rule won.")

    @Argument(help: "The address that is called, such as sip:moh@example.com.") var uri: String
    @Option(help: "Who calls, such as sip:alice@example.com.") var from: String?
    @Option(help: "The number that the outside caller dialled.") var called: String?
    @OptionGroup var options: ConfigurationOption
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let configuration = try options.load()
        let explanation: Explanation?
        do {
            explanation = try Explanation(uri: uri, from: from, called: called, configuration)
        } catch {
            throw error.exit()
        }
        guard let explanation else {
            throw ValidationError("'\(uri)' asks for no music; write sip:moh@… or sip:moh-CLASS@…")
        }
        guard !json else { return try printJSON(explanation) }
        print("class \(explanation.className): \(explanation.rule)\n")
        printTable(
            ["", "CLASS", "RULE"],
            explanation.steps.map { step in
                let wins = step.rule == explanation.rule
                return [wins ? "->" : "", step.className, step.text]
            })
        // A class that exists may have nothing to play: the running appliance knows.
        let status = try? AdminClient(configuration)?.status()
        let item = status?.classes.first { $0.name == explanation.className }
        if let fallback = item?.fallback {
            print("\nclass \(explanation.className) at this moment: \(fallback)")
        }
    }
}
