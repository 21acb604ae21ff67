package import Playout
package import Primitives

/// Everything about one unicast stream that signalling decides.
package struct StreamParameters: Equatable, Sendable {
    package enum Source: Hashable, Sendable {
        /// What all listeners of the class hear at this moment.
        case live(ClassID)
        /// The class's programme from `start` on, for this listener alone. It stands still while
        /// the stream is not sending.
        case personal(ClassID, start: MediaTime)

        package var classID: ClassID {
            switch self {
            case .live(let id), .personal(let id, _): id
            }
        }
    }

    /// Whether the destination must show that it wants the music before it gets all of it.
    package enum Proof: Hashable, Sendable {
        case none
        /// RTP or RTCP must arrive from the destination within this time, else sending stops and
        /// ``StreamEvent/proofExpired(_:)`` follows. Until then packets go at
        /// ``MediaEngineConfiguration/unprovenPacketsPerSecond``.
        case required(within: Interval)
    }

    /// When silence on the listener's RTCP means that it is gone.
    package enum RTCPWatch: Hashable, Sendable {
        case none
        /// Silence for so long after its RTCP was heard at least once.
        case onceHeard(Interval)
        /// Silence for so long from the start on: RTCP was promised.
        case promised(Interval)
    }

    /// Updating a stream with another source of the same class and kind keeps its position.
    package var source: Source
    package var format: MediaFormat
    /// RTP payload type, 0 to 127, as the listener's own description numbers it.
    package var payloadType: UInt8
    /// Milliseconds of audio per packet: 10, 20, 30, 40 or 60.
    package var packetTime: Int
    /// Where RTP goes; nil while it is not known, or when the description says 0.0.0.0.
    package var destination: Endpoint?
    /// Where RTCP goes; nil is the port above ``destination``, or ``destination`` with mux.
    package var rtcpDestination: Endpoint?
    /// RTP and RTCP share one port on both sides (RFC 5761).
    package var rtcpMux: Bool
    /// The unicast address of this node that the stream leaves from.
    package var local: IPAddress
    /// False while the listener wants nothing (`sendonly` or `inactive` of its side).
    package var isSending: Bool
    /// Send to where the listener's RTP comes from, once that is known. Such a stream has a pair
    /// of ports of its own.
    package var isSymmetric: Bool
    /// Beside ``destination``'s own address, the only one that a symmetric stream may move to: where
    /// the signalling comes from. Anybody could take a stream away otherwise, or turn it on another.
    package var latchesTo: IPAddress?
    package var proof: Proof
    package var rtcpWatch: RTCPWatch

    package init(
        source: Source, format: MediaFormat, payloadType: UInt8, packetTime: Int = 20,
        destination: Endpoint? = nil, rtcpDestination: Endpoint? = nil, rtcpMux: Bool = false,
        local: IPAddress, isSending: Bool = true, isSymmetric: Bool = false,
        latchesTo: IPAddress? = nil, proof: Proof = .none, rtcpWatch: RTCPWatch = .none
    ) {
        self.source = source
        self.format = format
        self.payloadType = payloadType
        self.packetTime = packetTime
        self.destination = destination
        self.rtcpDestination = rtcpDestination
        self.rtcpMux = rtcpMux
        self.local = local
        self.isSending = isSending
        self.isSymmetric = isSymmetric
        self.latchesTo = latchesTo
        self.proof = proof
        self.rtcpWatch = rtcpWatch
    }
}
