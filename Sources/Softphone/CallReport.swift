/// What came of a test call.
package struct CallReport: Sendable, Codable {
    /// Nil when the call stood and ended as it should.
    package var failure: String?
    /// The last final response to the INVITE.
    package var status: Int?
    package var reason: String?
    package var uri: String
    package var callID: String?
    /// As SDP names it.
    package var codec: String?
    /// Milliseconds of sound in a packet of the peer's.
    package var packetTime: Int?
    package var remote: String?
    /// INVITE to 200, in ms.
    package var setUpTime: Double?
    /// 200 to the first RTP packet, in ms; below zero when that came first.
    package var firstPacketAfter: Double?
    /// 200 to the end of the call, in seconds.
    package var duration = 0.0
    package var packets = 0
    package var octets = 0
    package var lost = 0
    package var duplicates = 0
    package var late = 0
    /// Interarrival jitter (RFC 3550 §6.4.1) in ms.
    package var jitter = 0.0
    /// The longest time between two packets while none were to be expected to stop, in ms.
    package var longestGap = 0.0
    package var packetsSent = 0
    package var receiverReportsSent = 0
    package var senderReportsReceived = 0
    /// Packets that came while we held the other side.
    package var packetsDuringHold: Int?
    /// Resumption to the first packet, in ms.
    package var resumedAfter: Double?
    /// Seconds louder than silence.
    package var soundSeconds = 0.0
    /// dBFS.
    package var level = -100.0
    package var heardSound = false
    package var recording: String?

    /// Sound shorter than this, in seconds, is a click.
    package static let leastSound = 0.1

    package init(uri: String) { self.uri = uri }
}
