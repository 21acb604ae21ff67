import Appliance

/// What a text has that is wrong, as an operator reads it; empty when nothing is.
func faults(_ text: String) -> [String] {
    do throws(ConfigurationFaults) {
        _ = try Configuration(text: text, file: "F")
        return []
    } catch {
        return error.faults.map(\.description)
    }
}

func warnings(_ text: String) throws -> [String] {
    try Configuration(text: text, file: "F").warnings.map(\.description)
}
