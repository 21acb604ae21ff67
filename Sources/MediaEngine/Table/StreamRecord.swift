/// Everything about a stream; while it is in a slot, what changes per packet is in its
/// ``HotStream``.
struct StreamRecord {
    enum State: UInt8 {
        case free
        /// Nothing is sent.
        case paused
        /// Sent outside the slots, at a low rate.
        case capped
        /// Will be put into its slot at `startsAt`.
        case starting
        case placed
    }

    var setup: StreamSetup
    var state = State.free
    var lane: Int32 = -1
    var hot = HotStream()
    /// Of a personal stream.
    var run = Run()
    /// The tick that `hot.timestamp` belongs to; nil before the first packet.
    var timestampTick: Int64?
    var startsAt: Int64 = 0
    /// Next packet of a capped stream.
    var cappedDue: Int64 = 0
    /// Whether anything was sent under this SSRC, so that BYE is due at its end.
    var hasSent = false
    /// Packets at the last report, to tell a sender from one that has paused.
    var packetsReported: UInt32 = 0
    var wheel: Int32 = 0
    var slot: Int32 = 0
    var block: Int32 = 0
    var place: Int32 = 0
}
