import Codec
import Foundation
import IVR
import Playout
import RTP
import Testing

/// What packets come to; the cases from the field are named by their numbers.
@Suite struct ReceptionTests {
    @Test func orderAndCopiesDoNotMatter() {
        let line = Line()
        // The sequence wraps in the middle; pairs are swapped, every seventh comes twice.
        for n in 0..<500 {
            let m = n % 10 == 3 ? n + 1 : n % 10 == 4 ? n - 1 : n
            let datagram = packet(65300 + m, 160 * m, tone(m))
            line.receive(datagram, at: Double(20 * n))
            if n % 7 == 0 { line.receive(datagram, at: Double(20 * n) + 3) }
        }
        line.end()
        #expect(line.sound.count == 500 * 160)
        #expect(impurities(line.sound) == 0)
        #expect(line.counts.reordered == 50)
        #expect(line.counts.duplicates == 72)
        #expect(line.counts.lost == 0)
    }

    @Test(
        arguments: [[0: MediaFormat.pcmu], [9: .g722], [102: .opusMono]] as [[UInt8: MediaFormat]])
    func lossIsConcealed(_ receivable: [UInt8: MediaFormat]) throws {
        let line = Line(receivable)
        let (payloadType, format) = try #require(receivable.first)
        var encoder = try MediaEncoder(format)
        let perPacket = format.sampleRate / 50
        var payloads: [[UInt8]] = []
        for n in 0..<250 {
            let samples = (0..<perPacket).map { i in
                Int16(
                    8000
                        * sin(2 * .pi * 400 * Double(n * perPacket + i) / Double(format.sampleRate))
                )
            }
            var payload = format.payloadPrefix(packetTime: 20)
            try encoder.encode(samples.span, into: &payload)
            payloads.append(payload)
        }
        for n in 0..<250 where n % 10 != 5 {
            line.receive(
                packet(n, n * format.clockRate / 50, payloads[n], payloadType: payloadType),
                at: Double(20 * n))
        }
        line.end()
        let rate = try #require(line.rates.first)
        #expect(line.sound.count == 5 * rate)
        #expect(line.counts.lost == 25)
        // No hole where a packet is missing: at least a tenth of the level everywhere.
        let step = rate / 100
        let quiet = stride(from: step * 4, to: line.sound.count - step, by: step).count { at in
            let power = line.sound[at..<(at + step)].reduce(0.0) { $0 + Double($1) * Double($1) }
            return (power / Double(step)).squareRoot() < 560
        }
        #expect(quiet == 0)
    }

    @Test func aLongLossIsAsLongAsItWas() {
        let line = Line()
        for n in 0..<250 where !(100..<150).contains(n) {
            line.receive(packet(n, 160 * n, tone(n)), at: Double(20 * n))
        }
        line.end()
        #expect(line.sound.count == 250 * 160)
        #expect(line.sound[(150 * 160 - 800)..<(150 * 160)].allSatisfy { abs($0) < 100 })
    }

    @Test func anotherSourceGoesOn() {
        let line = Line()
        for n in 0..<100 {
            line.receive(packet(65500 + n, 160 * n, tone(n)), at: Double(20 * n))
        }
        // Case G11: another source, then the first again.
        for n in 100..<200 {
            line.receive(packet(41000 + n, 977_000 + 160 * n, tone(n), ssrc: 8), at: Double(20 * n))
        }
        for n in 200..<300 {
            line.receive(packet(65500 + n, 160 * n, tone(n)), at: Double(20 * n))
        }
        line.end()
        #expect(line.sound.count == 300 * 160)
        #expect(impurities(line.sound) == 0)
    }

    @Test(arguments: [200.0, -200.0])
    func clocksThatDifferLoseNothing(_ partsPerMillion: Double) {
        let line = Line()
        let packets = 10 * 60 * 50
        let frame = tone(0)
        for n in 0..<packets {
            line.receive(
                packet(n, 160 * n, frame), at: 20 * Double(n) * (1 + partsPerMillion / 1e6))
        }
        line.end()
        #expect(line.sound.count == packets * 160)
        #expect(line.counts.lost == 0)
        #expect(line.counts.late == 0)
    }

    @Test func aStallOfTheNetworkAddsNothing() {
        let line = Line()
        for n in 0..<300 {
            let sent = Double(20 * n)
            line.receive(
                packet(n, 160 * n, tone(n)), at: (2000..<5000).contains(sent) ? 5000 : sent)
        }
        line.end()
        #expect(line.sound.count == 300 * 160)
        #expect(impurities(line.sound) == 0)
    }

    @Test func g07AnEventIsOneTimestampWhateverItsLength() {
        for growth in [160, 960] {
            let line = Line([102: .opusMono])
            for press in 0..<2 {
                for i in 0..<6 {
                    let payload: [UInt8] = [
                        5, i > 2 ? 0x8a : 0x0a, UInt8(growth * (i + 1) >> 8),
                        UInt8(growth * (i + 1) & 255),
                    ]
                    line.receive(
                        packet(6 * press + i, 48000 * press, payload, payloadType: 101),
                        at: Double(1000 * press + 20 * i))
                }
            }
            #expect(line.keys == "55")
        }
    }

    @Test(arguments: [9: MediaFormat.g722])
    func g08TenMillisecondsOfG722(_ payloadType: UInt8, _ format: MediaFormat) throws {
        let line = Line([payloadType: format])
        var encoder = try MediaEncoder(format)
        for n in 0..<3000 {
            let samples = (0..<160).map { Int16(5000 * sin(Double(160 * n + $0) / 7)) }
            var payload: [UInt8] = []
            try encoder.encode(samples.span, into: &payload)
            line.receive(
                packet(n, 80 * n, payload, payloadType: payloadType), at: Double(10 * n))
        }
        line.end()
        #expect(line.sound.count == 30 * 16000)
        #expect(line.rates == [16000])
    }

    @Test func g08ATimestampThatRunsTooFastStretchesLittle() {
        let line = Line()
        for n in 0..<1000 { line.receive(packet(n, 320 * n, tone(n)), at: Double(20 * n)) }
        line.end()
        #expect(line.sound.count >= 1000 * 160)
        // A second that the jitter buffer holds back, and one that the sound may be ahead.
        #expect(line.sound.count <= 1000 * 160 + 2 * 8000)
    }

    @Test func g09EachPressOnceInOrder() {
        let line = Line()
        let arrivals: [(number: Int, timestamp: Int, payload: [UInt8])] = [
            (101, 8000, [0x05, 0x0a, 0x01, 0x40]), (102, 8000, [0x05, 0x8a, 0x01, 0x90]),
            (103, 8000, [0x05, 0x8a, 0x01, 0x90]), (105, 8560, [0x05, 0x0a, 0x00, 0xa0]),
            (104, 8000, [0x05, 0x8a, 0x01, 0x90]), (106, 8560, [0x05, 0x8a, 0x01, 0x40]),
            (107, 9120, [0x0b, 0x8a, 0x01, 0x40]),
        ]
        for (i, arrival) in arrivals.enumerated() {
            line.receive(
                packet(arrival.number, arrival.timestamp, arrival.payload, payloadType: 101),
                at: Double(20 * i))
        }
        #expect(line.keys == "55#")
    }

    /// How far the timestamp moves in the ten seconds in which nothing is sent.
    @Test(arguments: [
        80_000, 1 << 31, 1 << 30, -(1 << 30), 80_000 + 48_000_000,
    ])
    func g10SilenceThatIsNotSent(_ jump: Int) {
        let line = Line()
        for n in 0..<250 { line.receive(packet(n, 160 * n, tone(n)), at: Double(20 * n)) }
        line.receive(packet(250, 40_000, [70], payloadType: 13), at: 5000)
        for n in 0..<250 {
            line.receive(
                packet(251 + n, 40_000 + jump + 160 * n, tone(n), marker: n == 0),
                at: Double(15_000 + 20 * n))
        }
        line.end()
        #expect(abs(line.sound.count - 160_000) <= 1600)
        #expect(impurities(Array(line.sound[..<40_000])) == 0)
        #expect(line.sound[42_000..<118_000].allSatisfy { abs($0) < 100 })
    }

    @Test func aHoldIsNoPartOfTheMessage() {
        let line = Line()
        for n in 0..<50 { line.receive(packet(n, 160 * n, tone(n)), at: Double(20 * n)) }
        line.resume()
        for n in 50..<100 {
            line.receive(packet(n, 480_000 + 160 * n, tone(n)), at: Double(60_000 + 20 * n))
        }
        line.end()
        #expect(line.sound.count == 100 * 160)
    }

    @Test func g48WhatIsBesideTheSoundIsNotHeard() {
        let line = Line()
        var number = 0
        var n = 0
        func send(_ change: (inout [UInt8]) -> Void) {
            var datagram = packet(number, 160 * n, tone(n))
            change(&datagram)
            line.receive(datagram, at: Double(20 * n))
            number += 1
            n += 1
        }
        func flag(_ bits: UInt8, _ datagram: inout [UInt8]) { datagram[0] |= bits }
        let empty: [UInt8] = [0xbe, 0xde, 0, 0]
        let two: [UInt8] = [0xbe, 0xde, 0, 2, 0x10, 1, 2, 3, 4, 5, 6, 7]
        for _ in 0..<20 {
            send {
                $0.insert(contentsOf: empty, at: 12)
                flag(0x10, &$0)
            }
            send {
                $0.insert(contentsOf: two, at: 12)
                flag(0x10, &$0)
            }
            send {
                $0.insert(contentsOf: [UInt8](repeating: 9, count: 12), at: 12)
                flag(3, &$0)
            }
            send {
                $0 += [0x7f, 0x7f, 0x7f, 4]
                flag(0x20, &$0)
            }
            send {
                $0.insert(contentsOf: [UInt8](repeating: 9, count: 12) + two, at: 12)
                $0 += [0x7f, 0x7f, 0x7f, 4]
                flag(0x33, &$0)
            }
            // What is no packet at all has no number of its own.
            for broken: (inout [UInt8]) -> Void in [
                {
                    $0[$0.count - 1] = 0
                    $0[0] |= 0x20
                },
                {
                    $0[$0.count - 1] = 255
                    $0[0] |= 0x20
                },
                {
                    $0[0] |= 0x10
                    $0[14] = 0xff
                    $0[15] = 0xff
                },
                { $0[0] = 0x40 },
                { $0.removeLast($0.count - 11) },
            ] {
                var datagram = packet(number, 160 * n, tone(n))
                broken(&datagram)
                line.receive(datagram, at: Double(20 * n) - 5)
            }
        }
        line.receive(packet(number, 160 * n, []), at: Double(20 * n))
        line.end()
        #expect(line.refused == 100)
        #expect(line.sound.count == 100 * 160)
        #expect(impurities(line.sound) == 0)
    }

    @Test func anotherCodecInTheMiddle() throws {
        let line = Line([0: .pcmu, 9: .g722])
        for n in 0..<50 { line.receive(packet(n, 160 * n, tone(n)), at: Double(20 * n)) }
        var encoder = try MediaEncoder(.g722)
        for n in 50..<100 {
            var payload: [UInt8] = []
            try encoder.encode([Int16](repeating: 1000, count: 320).span, into: &payload)
            line.receive(packet(n, 160 * n, payload, payloadType: 9), at: Double(20 * n))
        }
        line.end()
        #expect(line.rates == [8000, 16000])
        #expect(line.sound.count == 50 * 160 + 50 * 320)
    }

    @Test(arguments: Array("0123456789*#ABCD"))
    func keysAreHeardInTheSound(_ key: Character) {
        let low = [697.0, 770, 852, 941]
        let high = [1209.0, 1336, 1477, 1633]
        let layout = Array("123A456B789C*0#D")
        let at = layout.firstIndex(of: key) ?? 0
        let line = Line(telephoneEvents: [])
        let samples = (0..<8000).map { i -> Int16 in
            guard (1600..<2400).contains(i) || (4000..<4800).contains(i) else { return 0 }
            let time = Double(i) / 8000
            return Int16(
                4000 * sin(2 * .pi * low[at / 4] * time) + 4000
                    * sin(2 * .pi * high[at % 4] * time))
        }
        for n in 0..<50 {
            let payload = samples[(160 * n)..<(160 * n + 160)].map(G711.muLaw)
            line.receive(packet(n, 160 * n, payload), at: Double(20 * n))
        }
        line.end()
        #expect(line.keys == String([key, key]))
    }
}
