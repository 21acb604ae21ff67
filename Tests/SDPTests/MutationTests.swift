import Testing

/// A small generator with a seed, so that a failure comes back.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Phones' descriptions, changed at random from a seed. `make fuzz` runs the same checks for
/// longer, led by what the code does.
@Suite struct MutationTests {
    private static let seeds: [[UInt8]] =
        SessionDescriptionTests.torture.map(\.body)
        + [
            Array(SessionDescriptionTests.full.utf8),
            Array(
                """
                v=0
                o=- 7003 5 IN IP4 198.51.100.21
                s=-
                c=IN IP4 224.2.1.1/127/3
                t=0 0
                m=audio 65535/2 RTP/AVP 107 9 0 101
                a=rtpmap:107 opus/48000/2
                a=fmtp:107 stereo=1;maxaveragebitrate=2147483647
                a=rtpmap:101 telephone-event/8000
                a=ptime:65535
                a=rtcp:65535 IN IP6 ::1
                a=rtcp-mux
                a=crypto:1 X inline:AA|2^63|18446744073709551615:128
                """.utf8),
        ]

    private static let dictionary = [
        "m=audio 0 RTP/AVP 0\n", "c=IN IP4 0.0.0.0\n", "a=inactive\n", "a=rtpmap:9 G722/16000\n",
        "99999999999999999999",
        "-1", "65535", "/", ":", "=", ";", "|", "\u{0}", "\r", "\n", "\u{301}", "a=ptime:0\n",
        "a=rtcp-mux\n",
    ].map { Array($0.utf8) }

    /// What `make fuzz` found: a stream of another spelling, and reports to a group.
    @Test(arguments: [
        "\u{9}v=0\nc=IN IP4 239.10.1.1\nm=AUDIO 21000 RTP/AVP 0\n",
        "\u{9}v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0\na=rtcp:9 IN IP4 239.0.1.2\n",
        "\u{9}v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0\na=rtcp:9 IN IP6 ::\n",
    ]) func holdsForWhatWasFound(_ text: String) throws {
        #expect(try SessionExercise.run(Array(text.utf8)) == 1)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func holdsForMutatedDescriptions(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for _ in 0..<600 {
            var octets = try #require(Self.seeds.randomElement(using: &random))
            for _ in 0..<Int.random(in: 1...6, using: &random) where !octets.isEmpty {
                let i = Int.random(in: 0..<octets.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: octets[i] = UInt8.random(in: 0...255, using: &random)
                case 1: octets.remove(at: i)
                case 2:
                    octets.insert(
                        contentsOf: Self.dictionary.randomElement(using: &random) ?? [], at: i)
                case 3:
                    octets.removeSubrange(
                        i..<min(octets.count, i + Int.random(in: 1...40, using: &random)))
                default:
                    octets.insert(
                        contentsOf: octets[
                            i..<min(octets.count, i + Int.random(in: 1...80, using: &random))],
                        at: i)
                }
            }
            // Now and then a second description in the same session.
            if Int.random(in: 0..<4, using: &random) == 0 {
                octets += [0] + (Self.seeds.randomElement(using: &random) ?? [])
            }
            do {
                try SessionExercise.run([UInt8.random(in: 0...31, using: &random)] + octets)
            } catch {
                Issue.record("\(error) from \(String(decoding: octets, as: UTF8.self))")
                return
            }
        }
    }
}
