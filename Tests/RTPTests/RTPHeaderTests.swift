import RTP
import Testing

struct RTPHeaderTests {
    /// G48: the audio of every shape of packet is the same twenty octets.
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let first: UInt8
        let before: [UInt8]
        let after: [UInt8]
    }

    static let audio = [UInt8](repeating: 0x55, count: 20)

    static let shapes = [
        Shape(testDescription: "plain", first: 0x80, before: [], after: []),
        Shape(
            testDescription: "extension of no words", first: 0x90, before: [0xbe, 0xde, 0, 0],
            after: []),
        Shape(
            testDescription: "extension of two words", first: 0x90,
            before: [0xbe, 0xde, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8], after: []),
        Shape(
            testDescription: "three contributors", first: 0x83,
            before: [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3], after: []),
        Shape(testDescription: "padding", first: 0xa0, before: [], after: [0, 0, 0, 4]),
        Shape(
            testDescription: "all", first: 0xb3,
            before: [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 1, 9, 9, 9, 9],
            after: [0, 0, 0, 4]),
    ]

    static func fixed(_ first: UInt8) -> [UInt8] {
        [first, 0x80, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0xf0, 0x0d]
    }

    @Test(arguments: shapes) func findsThePayload(_ shape: Shape) throws {
        let packet = Self.fixed(shape.first) + shape.before + Self.audio + shape.after
        let header = try RTPHeader(parsing: packet)
        #expect(Array(packet[header.payload]) == Self.audio)
        #expect(header.marker)
        #expect(header.payloadType == 0)
        #expect(header.sequenceNumber == SequenceNumber(0x1234))
        #expect(header.timestamp == 0xdead_beef)
        #expect(header.ssrc == 0xcafe_f00d)
        #expect(header.contributors.count == Int(shape.first & 15))
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let packet: [UInt8]
        let error: RTPError
    }

    static let faults = [
        Fault(
            testDescription: "padding of 0", packet: fixed(0xa0) + audio + [0], error: .padding),
        Fault(
            testDescription: "padding of 255", packet: fixed(0xa0) + audio + [255],
            error: .padding),
        Fault(testDescription: "padding of nothing", packet: fixed(0xa0), error: .padding),
        Fault(
            testDescription: "extension of 65535 words",
            packet: fixed(0x90) + [0xbe, 0xde, 0xff, 0xff] + audio, error: .truncated),
        Fault(testDescription: "half an extension", packet: fixed(0x90) + [1], error: .truncated),
        Fault(
            testDescription: "contributors beyond the end", packet: fixed(0x8f) + audio,
            error: .truncated),
        Fault(testDescription: "version 1", packet: fixed(0x40) + audio, error: .version(1)),
        Fault(
            testDescription: "eleven octets", packet: Array(fixed(0x80).prefix(11)),
            error: .truncated),
        Fault(testDescription: "nothing", packet: [], error: .truncated),
    ]

    @Test(arguments: faults) func refuses(_ fault: Fault) {
        #expect(throws: fault.error) { try RTPHeader(parsing: fault.packet) }
    }

    @Test func aHeaderWithoutPayloadIsWhole() throws {
        let header = try RTPHeader(parsing: Self.fixed(0x80))
        #expect(header.payload.isEmpty)
    }

    @Test func writesWhatItReads() throws {
        var packet: [UInt8] = []
        var header = RTPHeader(
            marker: true, payloadType: 111, sequenceNumber: SequenceNumber(65535),
            timestamp: 0x8000_0001, ssrc: 7)
        header.contributors = [1, 2]
        header.serialise(into: &packet)
        let read = try RTPHeader(parsing: packet)
        #expect(read.marker && read.payloadType == 111 && read.timestamp == 0x8000_0001)
        #expect(read.contributors == [1, 2])
        #expect(read.sequenceNumber.advanced(by: 1) == SequenceNumber(0))
    }

    @Test(
        arguments: [
            (0, 1, 1), (65535, 0, 1), (0, 65535, -1), (10, 5, -5), (0, 32767, 32767),
            (0, 32768, -32768),
        ] as [(UInt16, UInt16, Int)])
    func distanceGoesTheShorterWay(_ from: UInt16, _ to: UInt16, _ steps: Int) {
        #expect(SequenceNumber(from).distance(to: SequenceNumber(to)) == steps)
        #expect(SequenceNumber(from).advanced(by: steps) == SequenceNumber(to))
    }

    @Test(
        arguments: [
            ([0x80, 0], .rtp), ([0x80, 0x80 | 8], .rtp), ([0x80, 200], .rtcp),
            ([0x81, 201], .rtcp),
            ([0x80, 204], .rtcp), ([0x80, 0x80 | 96], .rtp), ([0x80, 0x80 | 63], .rtp),
            ([0, 1], .stun), ([22, 254], .dtls), ([0xc0, 0], .unknown), ([0x80], .unknown),
        ] as [([UInt8], DatagramKind)])
    func tellsDatagramsApart(_ datagram: [UInt8], _ kind: DatagramKind) {
        #expect(DatagramKind(datagram.span) == kind)
    }
}
