import MediaEngine
import Playout
import Testing

@Suite struct AudioTests {
    @Test(arguments: [[8001], [1, 7, 159, 161, 4001, 333], [16_000, 2399]])
    func aHundredLoopsAreTheirConcatenation(_ lengths: [Int]) throws {
        let music = try Music(lengths: lengths.map(Int64.init))
        let lab = VirtualTable()
        lab.play(music)
        lab.open(VirtualTable.setup())
        let total = lengths.reduce(0, +)
        let sent = lab.run(100 * total / 8 + 40)
        let heard = sent.flatMap { $0.payload }

        let whole = (music.octets[.pcmu] ?? []).flatMap { $0 }
        let first = try #require(sent.first)
        let from = Int(lab.live(at: first.tick).ticks % Int64(total))
        let expected = (0..<101).flatMap { _ in whole }[from...].prefix(heard.count)
        #expect(heard.count >= 100 * total)
        #expect(heard.elementsEqual(expected))
        #expect(zip(sent, sent.dropFirst()).allSatisfy { $1.tick - $0.tick == 20 })
    }

    @Test(arguments: FormatAndPacketTime.all)
    func everyFormatAndPacketTimePlaysTheProgramme(_ row: FormatAndPacketTime) throws {
        let music = try Music(
            lengths: [4001, 81, 2399, 800], formats: [row.format], order: .shuffle(seed: 3),
            announcement: .init(length: MediaTime(ticks: 777), interval: .time(.milliseconds(450))))
        let lab = VirtualTable()
        lab.play(music)
        lab.open(VirtualTable.setup(row.format, packetTime: Int32(row.packetTime)))
        lab.open(
            VirtualTable.setup(
                row.format, packetTime: Int32(row.packetTime), isLive: false,
                destination: "192.0.2.2:4000", ssrc: 2),
            number: 1, start: 12_347)
        let sent = lab.run(6000)
        let live = sent.filter { $0.ssrc != 2 }
        let personal = sent.filter { $0.ssrc == 2 }
        #expect(live.count >= 6000 / row.packetTime - 1)
        #expect(personal.count >= 6000 / row.packetTime - 1)
        for packet in live {
            let expected = music.payload(
                row.format, packetTime: row.packetTime, at: lab.live(at: packet.tick))
            #expect(packet.payload.elementsEqual(expected), "at \(packet.tick)")
        }
        for (i, packet) in personal.enumerated() {
            let at = MediaTime(ticks: 12_347 + Int64(i * row.packetTime * 8))
            let expected = music.payload(row.format, packetTime: row.packetTime, at: at)
            #expect(packet.payload.elementsEqual(expected), "packet \(i)")
        }
    }

    @Test(arguments: FormatAndPacketTime.all)
    func timestampsFollowTheSamplesAndTheClock(_ row: FormatAndPacketTime) throws {
        let music = try Music(lengths: [4001, 803], formats: [row.format])
        let lab = VirtualTable()
        lab.play(music)
        lab.open(VirtualTable.setup(row.format, packetTime: Int32(row.packetTime)))
        let sent = lab.run(3000)
        let samples = UInt32(row.format.clockRate * row.packetTime / 1000)
        let prefix = row.format.payloadPrefix(packetTime: row.packetTime).count
        for (a, b) in zip(sent, sent.dropFirst()) {
            #expect(b.tick - a.tick == Int64(row.packetTime))
            #expect(b.timestamp &- a.timestamp == samples)
            #expect(b.sequence &- a.sequence == 1)
            #expect(!b.marker)
        }
        let first = try #require(sent.first)
        #expect(first.marker)
        #expect(
            (first.payload.count - prefix) / row.format.octetsPerUnit * Int(row.format.unit.ticks)
                == row.packetTime * 8)
    }

    @Test func twoTablesPlayTheSameMoment() throws {
        let music = try Music(lengths: [9001, 4003, 12_347], order: .shuffle(seed: 99))
        let shift: Int64 = 987_654
        let one = VirtualTable(tick: 5_000_000, seed: 1)
        // Another machine: its monotonic clock began at another time.
        let other = VirtualTable(
            tick: 5_000_000 - shift, epoch: VirtualTable.wall + shift * 1_000_000, seed: 2)
        for lab in [one, other] { lab.play(music) }
        one.open(VirtualTable.setup())
        one.run(313)
        other.run(313)
        other.open(VirtualTable.setup())
        let a = one.run(20_000)
        let b = other.run(20_000)
        func byTime(_ packets: [SentPacket], _ lab: VirtualTable) -> [(Int64, [UInt8])] {
            packets.flatMap { packet in
                let start = lab.live(at: packet.tick).ticks
                return packet.payload.enumerated().map { (start + Int64($0.offset), [$0.element]) }
            }
        }
        let heard = Dictionary(byTime(a, one), uniquingKeysWith: { a, _ in a })
        var compared = 0
        for (time, octet) in byTime(b, other) {
            guard let known = heard[time] else { continue }
            compared += 1
            if known != octet {
                Issue.record("differs at \(time)")
                return
            }
        }
        #expect(compared > 150_000)
    }

    @Test func theClockOfTheWallMovesTheMusicAndNotTheRhythm() throws {
        let music = try Music(lengths: [80_001])
        let lab = VirtualTable()
        lab.play(music)
        lab.open(VirtualTable.setup())
        lab.run(400)
        lab.epoch += 3_217_000_000
        let sent = lab.run(400)
        let all = lab.sender.packets
        for (a, b) in zip(all, all.dropFirst()) {
            #expect(b.tick - a.tick == 20 && b.timestamp &- a.timestamp == 160)
        }
        for packet in sent {
            let expected = music.payload(.pcmu, packetTime: 20, at: lab.live(at: packet.tick))
            #expect(packet.payload.elementsEqual(expected))
        }
    }

    @Test func ticksThatAreTooLateAreLeftOut() throws {
        let lab = VirtualTable()
        lab.play(try Music(lengths: [8001]))
        lab.open(VirtualTable.setup())
        let before = lab.run(200)
        #expect(lab.run(300, isSkipped: true).isEmpty)
        let after = lab.run(200)
        let last = try #require(before.last)
        let first = try #require(after.first)
        #expect(first.sequence &- last.sequence == 1)
        #expect(Int64(first.timestamp &- last.timestamp) == (first.tick - last.tick) * 8)
        #expect(first.marker)
        #expect(lab.table.counts.skippedTicks == 300)
    }
}
