package import Playout
package import Primitives

/// One class in one format to one multicast group.
package struct MulticastParameters: Hashable, Sendable {
    package var classID: ClassID
    package var format: MediaFormat
    package var payloadType: UInt8
    /// Milliseconds of audio per packet: 10, 20, 30, 40 or 60.
    package var packetTime: Int
    /// Group address and even RTP port; RTCP goes to the port above.
    package var group: Endpoint
    /// The address of this node that packets leave from; it also chooses the interface of IPv4.
    package var local: IPAddress
    /// Interface by name, needed for IPv6 and where the address does not tell it; nil otherwise.
    package var interface: String?
    /// Routers that a packet may pass, 1 to 255.
    package var ttl: UInt8
    /// Whether processes of this host hear it too; needed for a standby on the same host.
    package var loop: Bool
    package var sendsRTCP: Bool
    /// Silence of the node that sends after which this one does.
    package var takeover: Interval

    package init(
        classID: ClassID, format: MediaFormat, payloadType: UInt8, packetTime: Int = 20,
        group: Endpoint, local: IPAddress, interface: String? = nil, ttl: UInt8 = 1,
        loop: Bool = true, sendsRTCP: Bool = true, takeover: Interval = .milliseconds(200)
    ) {
        self.classID = classID
        self.format = format
        self.payloadType = payloadType
        self.packetTime = packetTime
        self.group = group
        self.local = local
        self.interface = interface
        self.ttl = ttl
        self.loop = loop
        self.sendsRTCP = sendsRTCP
        self.takeover = takeover
    }
}
