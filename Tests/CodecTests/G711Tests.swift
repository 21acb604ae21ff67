import Codec
import Testing

/// Against the decision and output values of ITU-T G.711, tables 1a to 2b, not against code.
@Suite struct G711Tests {
    /// Magnitude (of 14 bits) at which each µ-law interval begins: column 3 of table 2a.
    static let muLawDecisions: [Int] = {
        var values = [0]
        var at = 1
        for segment in 0..<8 {
            for _ in 0..<(segment == 0 ? 15 : 16) {
                values.append(at)
                at += 2 << segment
            }
        }
        return values
    }()

    /// Magnitude (of 13 bits) at which each A-law interval begins: column 3 of table 1a.
    static let aLawDecisions: [Int] = {
        var values: [Int] = []
        var at = 0
        for segment in 0..<8 {
            let step = segment < 2 ? 2 : 2 << (segment - 1)
            for _ in 0..<16 {
                values.append(at)
                at += step
            }
        }
        return values
    }()

    @Test func muLawHasTheIntervalsOfTheTable() {
        #expect(Self.muLawDecisions[16] == 31 && Self.muLawDecisions[127] == 7903)
        var interval = [Int](repeating: 0, count: 8192)
        for (i, start) in Self.muLawDecisions.enumerated() {
            for value in start..<8192 { interval[value] = i }
        }
        for sample in Int16.min...Int16.max {
            let magnitude = Int(sample < 0 ? ~sample : sample) >> 2
            let expected = UInt8((sample < 0 ? 127 : 255) - interval[magnitude])
            guard G711.muLaw(sample) == expected else {
                Issue.record("\(sample): \(G711.muLaw(sample)), the table says \(expected)")
                return
            }
        }
    }

    @Test func aLawHasTheIntervalsOfTheTable() {
        #expect(Self.aLawDecisions[32] == 64 && Self.aLawDecisions[127] == 3968)
        var interval = [Int](repeating: 0, count: 4096)
        for (i, start) in Self.aLawDecisions.enumerated() {
            for value in start..<4096 { interval[value] = i }
        }
        for sample in Int16.min...Int16.max {
            let magnitude = Int(sample < 0 ? ~sample : sample) >> 3
            let expected = UInt8((sample < 0 ? 0 : 128) + interval[magnitude]) ^ 0x55
            guard G711.aLaw(sample) == expected else {
                Issue.record("\(sample): \(G711.aLaw(sample)), the table says \(expected)")
                return
            }
        }
    }

    @Test func everyCodeStandsForTheMiddleOfItsInterval() {
        for code in UInt8.min...UInt8.max {
            let i = Int(~code & 0x7f)
            let start = Self.muLawDecisions[i]
            let end = i == 127 ? 8159 : Self.muLawDecisions[i + 1]
            let middle = i == 0 ? 0 : (start + end) * 2
            #expect(Int(G711.sample(muLaw: code)) == (code < 128 ? -middle : middle))

            let j = Int((code ^ 0x55) & 0x7f)
            let aEnd = j == 127 ? 4096 : Self.aLawDecisions[j + 1]
            let aMiddle = (Self.aLawDecisions[j] + aEnd) * 4
            #expect(Int(G711.sample(aLaw: code)) == ((code ^ 0x55) < 128 ? -aMiddle : aMiddle))
        }
    }

    @Test func codesSurviveTranscoding() {
        for code in UInt8.min...UInt8.max {
            // 0x7f is minus zero, which plus zero stands for as well.
            if code != 0x7f { #expect(G711.muLaw(G711.sample(muLaw: code)) == code) }
            #expect(G711.aLaw(G711.sample(aLaw: code)) == code)
        }
    }
}
