import Playout
import Primitives

/// What the engine keeps about a multicast group: whether this node sends, or listens to the one
/// that does.
struct MulticastControl {
    let id: MulticastID
    let thread: Int
    let number: Int
    let parameters: MulticastParameters
    let sockets: MulticastSockets
    let ssrc: UInt32
    var isActive = false
    /// When the group was last heard from another node; at first, when we began to listen.
    var lastHeard: Instant
    /// Added to the time of takeover, so that of several that wait one is first.
    let stagger: Interval
    var isClosing = false

    /// Judges a packet of the group that `source` sent.
    ///
    /// - Returns: whether this node must stop sending. Of two that send, the lower address goes on.
    mutating func hear(from source: Endpoint, at now: Instant) -> Bool {
        guard source != sockets.pair.rtp.local else { return false }
        guard isActive else {
            lastHeard = now
            return false
        }
        guard MulticastControl.precedes(source, sockets.pair.rtp.local) else { return false }
        lastHeard = now
        isActive = false
        return true
    }

    /// - Returns: whether this node must start to send.
    mutating func isDue(at now: Instant) -> Bool {
        guard !isActive, !isClosing, now - lastHeard > parameters.takeover + stagger else {
            return false
        }
        isActive = true
        return true
    }

    private static func precedes(_ a: Endpoint, _ b: Endpoint) -> Bool {
        (a.address.high, a.address.low, a.port) < (b.address.high, b.address.low, b.port)
    }
}
