package import Primitives

/// Whose packets are believed, of all who find the port.
///
/// What is known of a source counts more than who came first: the address that the description
/// names, before the hosts of description and signalling (a phone behind NAT, or one that was given
/// another port), before strangers (a media relay that the description does not name). Who is
/// latched loses its place to a better one at once, and to another of these hosts, or to a stranger
/// if it is one itself, when it has been silent.
package struct SourceLatch: Sendable {
    private enum Rank: Int, Comparable {
        case stranger, host, named

        static func < (a: Rank, b: Rank) -> Bool { a.rawValue < b.rawValue }
    }

    /// So long without a packet proves nothing of who sends none in silence, but nobody who sends
    /// all the time pauses like that.
    private static let patience = Interval.seconds(2)

    private var remote: Endpoint?
    private var signalling: IPAddress?
    private var latched: (source: Endpoint, rank: Rank, heard: Instant)?

    package init() {}

    /// Where packets come from; nil before the first.
    package var source: Endpoint? { latched?.source }

    /// - Parameters:
    ///   - remote: where a description says that the peer is.
    ///   - signalling: where its SIP comes from.
    package mutating func expect(_ remote: Endpoint?, signalling: IPAddress?) {
        self.signalling = signalling
        guard remote != self.remote else { return }
        self.remote = remote
        latched = nil
    }

    package mutating func accepts(_ source: Endpoint, at now: Instant) -> Bool {
        let rank = rank(of: source)
        if let latched, latched.source != source {
            let isSilent = now - latched.heard >= SourceLatch.patience
            guard rank > latched.rank || isSilent && rank >= min(latched.rank, .host) else {
                return false
            }
        }
        latched = (source, rank, now)
        return true
    }

    private func rank(of source: Endpoint) -> Rank {
        if source == remote { return .named }
        return source.address == remote?.address || source.address == signalling
            ? .host : .stranger
    }
}
