package import Primitives

/// What `open` gives: the stream's name, and what goes into our session description.
package struct OpenStream: Hashable, Sendable {
    package let id: StreamID
    /// Where we send from and listen for the listener's RTP.
    package let rtp: Endpoint
    /// Where we send RTCP from and listen for the listener's; equals ``rtp`` with mux.
    package let rtcp: Endpoint
    package let ssrc: UInt32
}
