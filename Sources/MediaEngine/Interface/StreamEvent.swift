package import Playout
package import Primitives

/// What the engine noticed about a stream.
///
/// Events come on a thread of the engine's own, one after the other; the handler must not block.
/// The engine never ends a stream by itself: whoever opened it closes it.
package enum StreamEvent: Sendable {
    /// Several ICMP errors, or refusals of our own kernel, in a row over two seconds or more.
    case unreachable(StreamID)
    /// The listener said goodbye by RTCP (RFC 3550 §6.6).
    case rtcpBye(StreamID)
    /// No RTCP for the time that ``StreamParameters/rtcpWatch`` allows.
    case rtcpSilent(StreamID)
    case receiverReport(StreamID, ListenerReport)
    /// The destination proved that it wants the music; it now gets all of it.
    case proved(StreamID)
    /// No proof in time: nothing more is sent until `update` names another destination.
    case proofExpired(StreamID)
    /// A symmetric stream now goes to where the listener's packets come from.
    case latched(StreamID, Endpoint)
    /// The stream has another SSRC: of a collision, or because its clock rate changed (RFC 7160).
    case ssrcChanged(StreamID, UInt32)
    /// The stream has ended; `position` is the place in its programme that was not yet sent.
    case closed(StreamID, position: MediaTime)
}

/// What a listener reports about the stream it hears (RFC 3550 §6.4.1).
package struct ListenerReport: Equatable, Sendable {
    /// Share of packets lost since its last report, 0 to 1.
    package var fractionLost: Double
    package var cumulativeLost: Int
    package var jitter: Interval
    /// nil until it has heard one of our sender reports.
    package var roundTrip: Interval?

    package init(
        fractionLost: Double, cumulativeLost: Int, jitter: Interval, roundTrip: Interval?
    ) {
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.jitter = jitter
        self.roundTrip = roundTrip
    }
}
