/// SR (RFC 3550 §6.4.1).
package struct SenderReport: Equatable, Sendable {
    package var ssrc: UInt32
    package var ntpTime: NTPTime
    package var rtpTimestamp: UInt32
    package var packetCount: UInt32
    /// Of payload, without headers and padding.
    package var octetCount: UInt32
    /// 31 at most.
    package var reports: [ReportBlock]

    package init(
        ssrc: UInt32, ntpTime: NTPTime, rtpTimestamp: UInt32, packetCount: UInt32,
        octetCount: UInt32, reports: [ReportBlock] = []
    ) {
        self.ssrc = ssrc
        self.ntpTime = ntpTime
        self.rtpTimestamp = rtpTimestamp
        self.packetCount = packetCount
        self.octetCount = octetCount
        self.reports = reports
    }
}
