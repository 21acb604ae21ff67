import Primitives
import RTP
import Testing

struct RTCPPacketTests {
    static let block = ReportBlock(
        ssrc: 0x1122_3344, fractionLost: 64, cumulativeLost: -3,
        extendedHighestSequenceNumber: 0x0001_fffe, jitter: 160, lastSenderReport: 0xaabb_ccdd,
        delaySinceLastSenderReport: 65536)

    static let compound: [RTCPPacket] = [
        .senderReport(
            SenderReport(
                ssrc: 1, ntpTime: NTPTime(value: 0xdead_beef_0123_4567), rtpTimestamp: 160,
                packetCount: 50, octetCount: 8000, reports: [block, block])),
        .receiverReport(ReceiverReport(ssrc: 2, reports: [block])),
        .receiverReport(ReceiverReport(ssrc: 2)),
        .sourceDescription(SourceDescription(ssrc: 1, cname: "intermezzo@192.0.2.10")),
        .sourceDescription(
            SourceDescription(chunks: [
                .init(ssrc: 1, items: [.init(type: 1, text: [0x61, 0x62, 0x63])]),
                .init(ssrc: 2, items: []),
            ])),
        .goodbye(Goodbye(sources: [1, 2], reason: "done")),
        .goodbye(Goodbye(sources: [])),
        .other(type: 205),
    ]

    @Test(arguments: compound) func readsWhatItWrites(_ packet: RTCPPacket) throws {
        let octets = RTCPPacket.serialise([packet])
        #expect(octets.count % 4 == 0)
        #expect(try RTCPPacket.parse(octets) == [packet])
    }

    @Test func readsACompoundPacket() throws {
        #expect(try RTCPPacket.parse(RTCPPacket.serialise(Self.compound)) == Self.compound)
    }

    /// A receiver report as a phone sent it: SSRC, one block, and SDES.
    @Test func readsOctets() throws {
        let octets: [UInt8] = [
            0x81, 201, 0, 7, 0, 0, 0, 9, 0xca, 0xfe, 0xf0, 0x0d, 0x40, 0xff, 0xff, 0xfd, 0, 1, 0,
            2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 202, 0, 3, 0, 0, 0, 9, 1, 3, 0x61, 0x40,
            0x62, 0, 0, 0,
        ]
        let packets = try RTCPPacket.parse(octets)
        guard case .receiverReport(let report) = packets[0] else {
            Issue.record("\(packets)")
            return
        }
        #expect(report.reports[0].cumulativeLost == -3)
        #expect(report.reports[0].fractionLost == 64)
        #expect(report.reports[0].extendedHighestSequenceNumber == 65538)
        #expect(
            packets[1] == .sourceDescription(SourceDescription(ssrc: 9, cname: "a@b")))
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let octets: [UInt8]
        let error: RTPError
    }

    static let faults = [
        Fault(testDescription: "nothing", octets: [], error: .truncated),
        Fault(testDescription: "three octets", octets: [0x80, 201, 0], error: .truncated),
        Fault(
            testDescription: "length beyond the end", octets: [0x80, 201, 0, 9, 0, 0, 0, 1],
            error: .truncated),
        Fault(
            testDescription: "blocks beyond the end", octets: [0x9f, 201, 0, 1, 0, 0, 0, 1],
            error: .truncated),
        Fault(testDescription: "version 1", octets: [0x40, 201, 0, 0], error: .version(1)),
        Fault(
            testDescription: "SDES without its end",
            octets: [0x81, 202, 0, 2, 0, 0, 0, 9, 1, 2, 0x61, 0x62], error: .truncated),
        Fault(
            testDescription: "BYE of sources that are not there",
            octets: [0x82, 203, 0, 1, 0, 0, 0, 1],
            error: .truncated),
        Fault(
            testDescription: "reason beyond the end",
            octets: [0x80, 203, 0, 1, 9, 0, 0, 0], error: .truncated),
        Fault(
            testDescription: "padding of 0", octets: [0xa0, 201, 0, 1, 0, 0, 0, 0],
            error: .padding),
        Fault(
            testDescription: "padding before the end",
            octets: [0xa0, 201, 0, 1, 0, 0, 0, 4, 0x80, 201, 0, 1, 0, 0, 0, 1], error: .compound),
    ]

    @Test(arguments: faults) func refuses(_ fault: Fault) {
        #expect(throws: fault.error) { try RTCPPacket.parse(fault.octets) }
    }

    @Test func wantsAReportFirstWhenAsked() {
        let octets = RTCPPacket.serialise([.goodbye(Goodbye(sources: [1]))])
        #expect(throws: RTPError.compound) { try RTCPPacket.parse(octets, reducedSize: false) }
    }

    @Test func readsPadding() throws {
        let octets: [UInt8] = [0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4]
        #expect(
            try RTCPPacket.parse(octets) == [.receiverReport(ReceiverReport(ssrc: 1))])
    }

    /// RFC 3550 figure 2: a report that left at b705:2000, came back at b710:8000, 5.25 s held.
    @Test func roundTripAsInTheRFC() {
        var block = Self.block
        block.lastSenderReport = 0xb705_2000
        block.delaySinceLastSenderReport = 0x0005_4000
        let trip = block.roundTrip(at: NTPTime(value: 0x0000_b710_8000_0000))
        #expect(trip == .milliseconds(6125))
    }

    @Test func ntpTimeOfTheUnixEpoch() {
        let time = NTPTime(WallClockTime(nanoseconds: 1_500_000_000))
        #expect(time.value >> 32 == 2_208_988_801)
        #expect(time.value & 0xffff_ffff == 1 << 31)
    }
}
