package import Primitives

/// What a receiver says about one source (RFC 3550 §6.4.1).
package struct ReportBlock: Equatable, Sendable {
    /// The source that is reported on.
    package var ssrc: UInt32
    /// In 1/256.
    package var fractionLost: UInt8
    /// 24 bits with sign; negative when duplicates outnumber losses.
    package var cumulativeLost: Int32
    package var extendedHighestSequenceNumber: UInt32
    /// In timestamp units.
    package var jitter: UInt32
    /// Middle 32 bits of the NTP time of the last sender report; 0 when none came.
    package var lastSenderReport: UInt32
    /// In 1/65536 s, since that report came.
    package var delaySinceLastSenderReport: UInt32

    package init(
        ssrc: UInt32, fractionLost: UInt8, cumulativeLost: Int32,
        extendedHighestSequenceNumber: UInt32, jitter: UInt32, lastSenderReport: UInt32 = 0,
        delaySinceLastSenderReport: UInt32 = 0
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.extendedHighestSequenceNumber = extendedHighestSequenceNumber
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    package static let length = 24

    /// The caller has checked that 24 octets follow.
    init(parsing packet: Span<UInt8>, at i: Int) {
        ssrc = packet.u32(at: i)
        fractionLost = packet[i + 4]
        cumulativeLost = Int32(bitPattern: packet.u24(at: i + 5) << 8) >> 8
        extendedHighestSequenceNumber = packet.u32(at: i + 8)
        jitter = packet.u32(at: i + 12)
        lastSenderReport = packet.u32(at: i + 16)
        delaySinceLastSenderReport = packet.u32(at: i + 20)
    }

    func serialise(into packet: inout [UInt8]) {
        packet.append(u32: ssrc)
        let lost = UInt32(bitPattern: min(max(cumulativeLost, -0x80_0000), 0x7f_ffff)) & 0xff_ffff
        packet.append(u32: UInt32(fractionLost) << 24 | lost)
        packet.append(u32: extendedHighestSequenceNumber)
        packet.append(u32: jitter)
        packet.append(u32: lastSenderReport)
        packet.append(u32: delaySinceLastSenderReport)
    }

    /// Time from our sender report to the listener and back, when `now` is the arrival of this
    /// block; nil when it has no report of ours, or when its numbers can't be true.
    package func roundTrip(at now: NTPTime) -> Interval? {
        guard lastSenderReport != 0 else { return nil }
        let units = now.middle &- lastSenderReport &- delaySinceLastSenderReport
        // Rounding and clocks of different pace can make it slightly negative.
        let signed = Int32(bitPattern: units)
        guard signed > -655, signed < 60 << 16 else { return nil }
        return Interval(nanoseconds: Int64(max(0, signed)) * 1_000_000_000 / 65536)
    }
}
