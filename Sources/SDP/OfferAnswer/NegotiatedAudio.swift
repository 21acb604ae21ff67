package import Primitives

/// What an exchange of offer and answer settled for the audio stream.
package struct NegotiatedAudio: Hashable, Sendable {
    /// Index in ``LocalCapabilities/formats`` of what we send.
    package var format: Int
    /// What we send it as: the number of the peer's description, whatever ours said (RFC 3264 §5.1).
    package var payloadType: UInt8
    /// What the peer may send: payload types of our description to indices of formats.
    package var receivable: [UInt8: Int]
    /// telephone-event numbers that the peer may send us, with their clock rates.
    package var telephoneEvents: [TelephoneEvent]
    /// What we send in a packet, in ms.
    package var packetTime: Int
    /// Where RTP goes; nil while the peer is at 0.0.0.0 or has no stream.
    package var remote: Endpoint?
    /// Where RTCP goes; nil as above. Equal to ``remote`` with rtcp-mux.
    package var remoteRTCP: Endpoint?
    /// Both sides agreed on one port (RFC 5761).
    package var rtcpMux: Bool
    /// Our direction, as our description says it.
    package var direction: Direction
    /// The peer sends no receiver reports (`b=RR:0`, RFC 3556 §2), so their absence means nothing.
    package var receiverReportsOff: Bool
    /// What an Opus receiver declared; nil for other codecs.
    package var opus: OpusParameters?
    /// Opus is sent with two channels: the peer said `stereo=1`, takes the bit rate, and we have it.
    package var stereo: Bool
    /// The stream was offered to a multicast group that we send to anyway: nothing to send here.
    package var isMulticast: Bool

    package struct TelephoneEvent: Hashable, Sendable {
        package var payloadType: UInt8
        package var clockRate: Int

        package init(payloadType: UInt8, clockRate: Int) {
            self.payloadType = payloadType
            self.clockRate = clockRate
        }
    }

    /// Whether RTP is to leave for ``remote``.
    package var sends: Bool { direction.sends && remote != nil && !isMulticast }
}
