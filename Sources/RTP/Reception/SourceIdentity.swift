package import Primitives

/// Our own SSRC in one session, and what to do when it is seen from elsewhere (RFC 3550 §8.2).
package struct SourceIdentity: Sendable {
    package enum Verdict: Hashable, Sendable {
        case other
        /// Our own packets came back: drop them.
        case loop
        /// Somebody else uses it: say BYE for `old` and go on as ``ssrc``.
        case collision(old: UInt32)
    }

    package private(set) var ssrc: UInt32
    private var conflicts: [(address: Endpoint, seen: Instant)] = []
    /// Ten report intervals (RFC 3550 §8.2).
    private static let memory = Interval.seconds(50)
    /// Addresses beyond these are not remembered: they would be an attacker's.
    private static let maximumConflicts = 8

    package init(ssrc: UInt32) { self.ssrc = ssrc }

    /// Judges a packet that says it is from `source`.
    package mutating func receive(
        _ source: UInt32, from address: Endpoint, at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Verdict {
        guard source == ssrc else { return .other }
        conflicts.removeAll { now - $0.seen > SourceIdentity.memory }
        if let i = conflicts.firstIndex(where: { $0.address == address }) {
            conflicts[i].seen = now
            return .loop
        }
        guard conflicts.count < SourceIdentity.maximumConflicts else { return .loop }
        conflicts.append((address, now))
        let old = ssrc
        repeat { ssrc = UInt32.random(in: .min ... .max, using: &random) } while ssrc == old
        return .collision(old: old)
    }
}
