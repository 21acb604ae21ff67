package import Playout
package import Sockets

/// What a sending thread needs to know about a stream: plain values only.
package struct StreamSetup: Sendable {
    package enum Sending: Sendable {
        /// The listener wants nothing, or its address is not known.
        case paused
        /// The destination has not yet proved that it wants the music.
        case capped
        case full
    }

    package var classIndex: Int32
    package var isLive: Bool
    package var format: MediaFormat
    package var payloadType: UInt8
    package var packetTime: Int32
    package var sending: Sending
    package var destination: SocketAddress
    package var rtcpDestination: SocketAddress
    package var socket: Int32
    package var rtcpSocket: Int32
    /// Whether other streams send from `socket` too.
    package var sharesSocket: Bool
    package var ssrc: UInt32

    package init(
        classIndex: Int32, isLive: Bool, format: MediaFormat, payloadType: UInt8,
        packetTime: Int32, sending: Sending, destination: SocketAddress,
        rtcpDestination: SocketAddress, socket: Int32, rtcpSocket: Int32, sharesSocket: Bool,
        ssrc: UInt32
    ) {
        self.classIndex = classIndex
        self.isLive = isLive
        self.format = format
        self.payloadType = payloadType
        self.packetTime = packetTime
        self.sending = sending
        self.destination = destination
        self.rtcpDestination = rtcpDestination
        self.socket = socket
        self.rtcpSocket = rtcpSocket
        self.sharesSocket = sharesSocket
        self.ssrc = ssrc
    }
}
