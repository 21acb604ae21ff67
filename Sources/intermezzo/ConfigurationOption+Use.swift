import Appliance
import ArgumentParser

extension ConfigurationOption {
    /// The checked configuration; ends with 78 when it has faults.
    func load() throws -> Configuration {
        do {
            return try Configuration(contentsOf: config)
        } catch {
            throw error.exit()
        }
    }

    /// What the running appliance says of itself.
    func ask() throws -> Status {
        guard let client = AdminClient(try load()) else {
            standardError("admin.listen is off in \(config): give it an address")
            throw ExitCode.failure
        }
        do {
            return try client.status()
        } catch {
            standardError("\(error)")
            throw ExitCode.failure
        }
    }
}
