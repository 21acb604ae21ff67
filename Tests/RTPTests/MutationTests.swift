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

    @Test(arguments: 0..<8) func mutatedDatagrams(_ seed: Int) throws {
        var random = SplitMix(state: UInt64(seed))
        for _ in 0..<400 {
            // A few datagrams of one call, each with the time before it and its length.
            var stream: [UInt8] = [UInt8.random(in: 0...15, using: &random)]
            for _ in 0..<5 {
                let octets = Self.mutated(&random)
                try MediaExercise.runControl(octets)
                stream += [UInt8.random(in: 0...60, using: &random)]
                stream += [UInt8(clamping: octets.count)] + octets.prefix(255)
            }
            try MediaExercise.runStream(stream)
        }
    }

    /// What `make fuzz` found: a late packet from the future that nothing could get past.
    @Test func latePacketWithATimestampFarAhead() throws {
        let head: [UInt8] = [0x80, 0x00, 0x00]
        let first = head + [0xfa, 0xff, 0x00, 0x03, 0x20, 0, 0, 0, 9]
        let late = head + [0x03, 0x00, 0x00, 0x03, 0x20, 0, 0, 0, 9]
        try MediaExercise.runStream([3, 4, 12] + first + [4, 12] + late)
    }

    private static func mutated(_ random: inout SplitMix) -> [UInt8] {
        var octets = seeds[Int.random(in: 0..<seeds.count, using: &random)]
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
        return octets
    }
}
