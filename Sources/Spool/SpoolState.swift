/// Where a message stands: the directory of the spool that holds its own directory.
package enum SpoolState: String, Hashable, Sendable, Codable, CaseIterable {
    /// The caller speaks.
    case recording
    /// To be delivered.
    case queue
    /// Set aside by an operator.
    case held
    /// Too short, silent or noise: not mailed.
    case discarded
    /// Given up, or not readable.
    case failed
    /// Every recipient has it.
    case done
}
