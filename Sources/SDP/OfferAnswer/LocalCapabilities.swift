package import Primitives

/// What our side can do, and where it is.
package struct LocalCapabilities: Hashable, Sendable {
    /// In our order of preference.
    package var formats: [SupportedFormat]
    /// Whose order decides in an answer.
    package var preference: Preference
    /// Packet times in ms that can be sent.
    package var packetTimes: [Int]
    /// Used when the peer names none.
    package var defaultPacketTime: Int
    package var telephoneEvents: Bool
    /// Share one port with RTCP where the peer can (RFC 5761).
    package var rtcpMux: Bool
    /// What we are willing to do in an answer. `sendrecv` for a music source too: a phone that
    /// offers `sendrecv` and is answered `sendonly` believes that it was put on hold.
    package var direction: Direction
    /// What our own offers say. A music source offers `sendonly`: in the hold flow its offer goes
    /// to the held party, whose voice needn't leave its phone (RFC 7088 §2.3).
    package var offeredDirection: Direction
    /// Where we receive, and what stands in `o=` and `c=`: the node's unicast address.
    package var local: Endpoint
    /// Where we receive RTCP; the port after RTP's when nil.
    package var localRTCP: Endpoint?
    /// Address families that media can be sent over.
    package var families: Families
    /// Groups that are sent to all the time; a stream offered to one of them is accepted.
    package var multicastGroups: [MulticastGroup]

    package enum Preference: Hashable, Sendable {
        /// The offerer's first codec that we have.
        case theirs
        /// Our first codec that they have.
        case ours
    }

    package struct Families: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let ipv4 = Families(rawValue: 1)
        package static let ipv6 = Families(rawValue: 2)
        package static let both: Families = [.ipv4, .ipv6]
    }

    /// A group of ours with the one format that it carries.
    package struct MulticastGroup: Hashable, Sendable {
        package var endpoint: Endpoint
        /// Index in ``LocalCapabilities/formats``.
        package var format: Int

        package init(_ endpoint: Endpoint, format: Int) {
            self.endpoint = endpoint
            self.format = format
        }
    }

    package init(
        formats: [SupportedFormat], local: Endpoint, localRTCP: Endpoint? = nil,
        preference: Preference = .theirs, packetTimes: [Int] = [10, 20, 30, 40, 60],
        defaultPacketTime: Int = 20, telephoneEvents: Bool = true, rtcpMux: Bool = true,
        direction: Direction = .sendrecv, offeredDirection: Direction = .sendonly,
        families: Families = .both, multicastGroups: [MulticastGroup] = []
    ) {
        self.formats = formats
        self.local = local
        self.localRTCP = localRTCP
        self.preference = preference
        self.packetTimes = packetTimes
        self.defaultPacketTime = defaultPacketTime
        self.telephoneEvents = telephoneEvents
        self.rtcpMux = rtcpMux
        self.direction = direction
        self.offeredDirection = offeredDirection
        self.families = families
        self.multicastGroups = multicastGroups
    }
}
