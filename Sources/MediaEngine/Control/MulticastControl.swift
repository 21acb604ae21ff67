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

/// What a group's packets are marked with: the same on every node that has the same site seed.
struct MulticastIdentity {
    let ssrc: UInt32
    let sequenceBase: UInt16
    let timestampBase: UInt32

    init(_ parameters: MulticastParameters, siteSeed: UInt64) {
        // FNV-1a: Swift's own hash differs from process to process.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ octet: UInt8) { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        for octet in parameters.classID.name.utf8 { add(octet) }
        add(parameters.format.rawValue)
        for octet in "\(parameters.group)".utf8 { add(octet) }
        var random = SplitMix64(seed: hash ^ siteSeed)
        ssrc = UInt32(truncatingIfNeeded: random.next())
        sequenceBase = UInt16(truncatingIfNeeded: random.next())
        timestampBase = UInt32(truncatingIfNeeded: random.next())
    }
}
