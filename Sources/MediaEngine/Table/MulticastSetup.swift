package import Playout
package import Sockets

/// What a sending thread needs to know about a multicast group: plain values only.
package struct MulticastSetup: Sendable {
    package var classIndex: Int32
    package var format: MediaFormat
    package var payloadType: UInt8
    package var packetTime: Int32
    package var destination: SocketAddress
    /// None: no sender reports.
    package var rtcpDestination: SocketAddress
    package var socket: Int32
    package var rtcpSocket: Int32
    package var ssrc: UInt32
    /// Sequence number and timestamp of the packet that starts at the Unix epoch.
    package var sequenceBase: UInt16
    package var timestampBase: UInt32
    /// Milliseconds after a whole packet time at which packets start: spreads groups over slots.
    package var phase: Int64

    package init(
        classIndex: Int32, format: MediaFormat, payloadType: UInt8, packetTime: Int32,
        destination: SocketAddress, rtcpDestination: SocketAddress, socket: Int32,
        rtcpSocket: Int32, ssrc: UInt32, sequenceBase: UInt16, timestampBase: UInt32, phase: Int64
    ) {
        self.classIndex = classIndex
        self.format = format
        self.payloadType = payloadType
        self.packetTime = packetTime
        self.destination = destination
        self.rtcpDestination = rtcpDestination
        self.socket = socket
        self.rtcpSocket = rtcpSocket
        self.ssrc = ssrc
        self.sequenceBase = sequenceBase
        self.timestampBase = timestampBase
        self.phase = phase
    }
}
