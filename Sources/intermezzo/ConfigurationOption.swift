import Appliance
import ArgumentParser
import Foundation

struct ConfigurationOption: ParsableArguments {
    @Option(help: "The configuration file.")
    var config = "/etc/intermezzo/intermezzo.yaml"
}

extension ConfigurationFaults {
    /// Says every fault and gives EX_CONFIG of sysexits(3).
    func exit() -> ExitCode {
        standardError(description)
        return ExitCode(78)
    }
}

func standardError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
