import Primitives
import RTP
import Testing

/// Whatever arrives, parsing ends without a trap, and what is read lies within the datagram.
struct MutationTests {
    static let seeds: [[UInt8]] =
        RTPHeaderTests.shapes.map {
            RTPHeaderTests.fixed($0.first) + $0.before + RTPHeaderTests.audio + $0.after
        }
        + RTPHeaderTests.faults.map(\.packet) + RTCPPacketTests.faults.map(\.octets)
        + [RTCPPacket.serialise(RTCPPacketTests.compound)]

    @Test(arguments: 0..<8) func mutatedDatagrams(_ seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        var decoder = TelephoneEventDecoder()
        var buffer = JitterBuffer(clockRate: 8000, capacity: 16)
        var statistics = ReceptionStatistics(first: SequenceNumber(0), clockRate: 8000)
        for round in 0..<5000 {
            var octets = Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &random)]
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0 where !octets.isEmpty:
                    octets[Int.random(in: 0..<octets.count, using: &random)] =
                        UInt8.random(in: 0...255, using: &random)
                case 1 where !octets.isEmpty:
                    octets.removeLast(Int.random(in: 1...octets.count, using: &random))
                case 2:
                    octets.append(UInt8.random(in: 0...255, using: &random))
                default:
                    if !octets.isEmpty {
                        octets[Int.random(in: 0..<octets.count, using: &random)] ^=
                            1 << UInt8.random(in: 0..<8, using: &random)
                    }
                }
            }
            _ = DatagramKind(octets.span)
            if let packets = try? RTCPPacket.parse(octets) {
                #expect(packets.count <= octets.count / 4)
            }
            let now = Instant(nanoseconds: Int64(round) * 1_000_000)
            if let packet = try? BufferedPacket(parsing: octets) {
                #expect(packet.payload.count <= octets.count - 12)
                _ = decoder.receive(payload: packet.payload, timestamp: packet.header.timestamp)
                _ = statistics.receive(
                    packet.header.sequenceNumber, timestamp: packet.header.timestamp, at: now)
                _ = statistics.report(ssrc: 1)
                _ = buffer.insert(packet, at: now)
                while buffer.output(at: now) != nil {}
            }
        }
    }
}
