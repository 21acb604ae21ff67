package import Playout
package import Primitives

/// What offer and answer settled for one call's media.
package struct MediaSessionParameters: Sendable, Equatable {
    /// What we send.
    package var format: MediaFormat
    package var payloadType: UInt8
    /// Milliseconds of sound in a packet that we send.
    package var packetTime: Int
    /// What may come, by payload type.
    package var receivable: [UInt8: MediaFormat]
    /// Payload types of telephone-event (RFC 4733) that may come. Empty: keys are heard in the
    /// sound itself.
    package var telephoneEvents: Set<UInt8>
    /// Where to send RTP; nil: nowhere.
    package var remote: Endpoint?
    package var remoteRTCP: Endpoint?
    /// Where the peer's SIP comes from.
    package var signalling: IPAddress?
    package var rtcpMux = false
    package var isSending: Bool
    /// The peer holds us: whether it sends nothing then, or music, says nothing about the caller.
    package var isHeld: Bool
    /// RTP goes where the peer's comes from (behind NAT), latched once.
    package var isSymmetric = false
    /// Until packets have come from ``remote``, no more than so many are sent there in all; nil
    /// where the destination needs no proof.
    package var unprovenPackets: Int?

    package init(
        format: MediaFormat, payloadType: UInt8, packetTime: Int = 20,
        receivable: [UInt8: MediaFormat] = [:], telephoneEvents: Set<UInt8> = [],
        remote: Endpoint? = nil, remoteRTCP: Endpoint? = nil, isSending: Bool = true,
        isHeld: Bool = false
    ) {
        self.format = format
        self.payloadType = payloadType
        self.packetTime = packetTime
        self.receivable = receivable
        self.telephoneEvents = telephoneEvents
        self.remote = remote
        self.remoteRTCP = remoteRTCP
        self.isSending = isSending
        self.isHeld = isHeld
    }
}
