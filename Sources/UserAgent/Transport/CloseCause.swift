/// Why a connection was closed.
package enum CloseCause: Sendable {
    case byPeer
    /// Nothing was received for `TransportLimits.idleTime`.
    case idle
    /// A message was not whole in `TransportLimits.messageTime`, or the first never came.
    case slow
    /// What was received can't be divided into messages.
    case broken(String)
    /// The peer does not read what it asked for.
    case writeBufferFull
    case failed(String)
    /// The user agent stops.
    case stopped

    /// A short name for counters.
    package var name: String {
        switch self {
        case .byPeer: "by-peer"
        case .idle: "idle"
        case .slow: "slow"
        case .broken: "broken-frame"
        case .writeBufferFull: "write-buffer-full"
        case .failed: "failed"
        case .stopped: "stopped"
        }
    }
}
