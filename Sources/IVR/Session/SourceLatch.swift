package import Primitives

/// Whose packets are believed: who sent first, unless they come from where the description says.
package struct SourceLatch: Sendable {
    private var remote: Endpoint?
    private var latched: Endpoint?
    /// A packet has come from exactly where the description says.
    private var isExact = false

    package init() {}

    /// Where packets come from; nil before the first.
    package var source: Endpoint? { latched }

    /// A description names where the peer is.
    package mutating func expect(_ remote: Endpoint?) {
        guard remote != self.remote else { return }
        self.remote = remote
        latched = nil
        isExact = false
    }

    package mutating func accepts(_ source: Endpoint) -> Bool {
        if source == remote {
            latched = source
            isExact = true
            return true
        }
        // A third party can't take over from who is where it said.
        if isExact { return false }
        if latched == nil { latched = source }
        return latched == source
    }
}
