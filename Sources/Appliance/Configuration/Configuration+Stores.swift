package import Primitives

extension Configuration {
    /// What `directory` says: where the users are.
    package struct Directory: Sendable, Equatable {
        package var sqlite = "var/users.sqlite"
        /// Limit of one question; above it a call goes on without the answer.
        package var timeout: Interval = .seconds(2)
        /// Users that are remembered, and for how long.
        package var cacheSize = 10_000
        package var cacheTime: Interval = .seconds(60)
    }

    mutating func readDirectory(_ section: ConfigurationSection) {
        directory.sqlite = section.value("sqlite", .text, default: directory.sqlite)
        directory.timeout = section.value(
            "timeout", .duration(.milliseconds(10) ... .seconds(30)), default: directory.timeout)
        directory.cacheSize = section.value(
            "cache-size", .number(0...10_000_000), default: directory.cacheSize)
        directory.cacheTime = section.value(
            "cache-time", .duration(.zero ... .seconds(86_400)), default: directory.cacheTime)
        section.finish()
    }

    mutating func readLocation(_ section: ConfigurationSection) {
        location = section.value("sqlite", .text, default: location)
        section.finish()
    }
}
