/// One thing that is wrong in a configuration file.
package struct ConfigurationFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// The first line and column are 1; 0 where the file as a whole is at fault.
    package var line: Int
    package var column: Int
    package var what: String
    /// What to do about it.
    package var remedy: String

    package init(file: String, line: Int, column: Int, what: String, remedy: String) {
        self.file = file
        self.line = line
        self.column = column
        self.what = what
        self.remedy = remedy
    }

    /// `FILE:LINE:COLUMN: what; what to do`.
    package var description: String { "\(file):\(line):\(column): \(what); \(remedy)" }
}

/// Every fault of a configuration file, in the order of its lines.
package struct ConfigurationFaults: Error, Sendable, CustomStringConvertible {
    package var faults: [ConfigurationFault]

    package init(_ faults: [ConfigurationFault]) {
        self.faults = faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    package var description: String { faults.map(\.description).joined(separator: "\n") }
}
