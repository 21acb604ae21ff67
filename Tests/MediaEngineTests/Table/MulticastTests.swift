import MediaEngine
import Playout
import Primitives
import RTP
import Sockets
import Testing

/// Groups: every packet follows from the wall clock, so that nodes are interchangeable.
@Suite struct MulticastTests {
    private func setup(
        _ format: MediaFormat = .pcmu, packetTime: Int32 = 20, rtcp: String? = nil
    ) -> MulticastSetup {
        MulticastSetup(
            classIndex: 0, format: format, payloadType: 0, packetTime: packetTime,
            destination: SocketAddress(Endpoint("239.192.1.10:4000")),
            rtcpDestination: SocketAddress(rtcp.flatMap { Endpoint($0) }), socket: 5,
            rtcpSocket: 6, ssrc: 77, sequenceBase: 11, timestampBase: 22, phase: 13)
    }

    @Test(arguments: FormatAndPacketTime.all)
    func twoTablesSendTheSamePackets(_ row: FormatAndPacketTime) throws {
        let music = try Music(
            lengths: [4001, 1201], formats: [row.format], order: .shuffle(seed: 5))
        let shift: Int64 = 12_345
        let one = VirtualTable(seed: 1)
        let other = VirtualTable(
            tick: 1_000_003 - shift, epoch: VirtualTable.wall + shift * 1_000_000, seed: 2)
        var sent: [[SentPacket]] = []
        for lab in [one, other] {
            lab.play(music)
            lab.apply(
                .openMulticast(number: 3, setup(row.format, packetTime: Int32(row.packetTime))))
            #expect(lab.run(300).isEmpty)
            lab.apply(.activate(number: 3, true))
            sent.append(lab.run(3000))
        }
        #expect(sent[0].count == sent[1].count)
        #expect(sent[0].count >= 3000 / row.packetTime - 1)
        for (a, b) in zip(sent[0], sent[1]) {
            #expect(a.octets == b.octets)
            #expect(a.tick == b.tick + shift)
        }
        for (a, b) in zip(sent[0], sent[0].dropFirst()) {
            #expect(b.tick - a.tick == Int64(row.packetTime))
            #expect(b.sequence &- a.sequence == 1)
            #expect(
                b.timestamp &- a.timestamp == UInt32(row.format.clockRate * row.packetTime / 1000))
        }
    }

    @Test func aTakeoverIsLostPacketsAndNothingElse() throws {
        let music = try Music(lengths: [4001, 1201])
        let one = VirtualTable(seed: 1)
        let other = VirtualTable(seed: 2)
        for lab in [one, other] {
            lab.play(music)
            lab.apply(.openMulticast(number: 3, setup()))
        }
        one.apply(.activate(number: 3, true))
        let before = one.run(1000)
        other.run(1000 + 217)
        other.apply(.activate(number: 3, true))
        let after = other.run(1000)
        let last = try #require(before.last)
        let first = try #require(after.first)
        let steps = first.sequence &- last.sequence
        #expect(steps > 1 && steps <= 13)
        #expect(first.timestamp &- last.timestamp == UInt32(steps) * 160)
        #expect(first.tick - last.tick == Int64(steps) * 20)
        #expect(first.ssrc == last.ssrc)
        other.apply(.activate(number: 3, false))
        #expect(other.run(500).isEmpty)
    }

    @Test func theGroupIsToldOfTheEnd() throws {
        let lab = VirtualTable(rtcpInterval: 500)
        lab.play(try Music(lengths: [4001]))
        lab.apply(.openMulticast(number: 3, setup(rtcp: "239.192.1.10:4001")))
        lab.apply(.activate(number: 3, true))
        lab.run(2000)
        lab.apply(.closeMulticast(number: 3))
        let media = lab.sender.packets.filter { !$0.isRTCP }
        let last = try #require(lab.sender.packets.last)
        #expect(last.destination == Endpoint("239.192.1.10:4001"))
        #expect(last.reports.last == .goodbye(Goodbye(sources: [77])))
        guard case .senderReport(let report)? = last.reports.first else {
            Issue.record("no SR")
            return
        }
        #expect(report.packetCount == UInt32(media.count))
        #expect(report.octetCount == UInt32(media.count * 160))
        #expect(lab.run(500).isEmpty)
        #expect(lab.table.nextTick(from: lab.tick) == nil)
    }

    @Test(arguments: [true, false])
    func aPlaylistThatHasEndedIsLetGoAlsoByAStandby(_ isActive: Bool) throws {
        let lab = VirtualTable()
        let releases: Music.Releases
        do {
            let music = try Music(lengths: [4001])
            releases = music.releases
            lab.play(music)
        }
        lab.apply(.openMulticast(number: 3, setup()))
        lab.apply(.activate(number: 3, isActive))
        lab.run(100)
        let new = try Music(lengths: [3001], seed: 2)
        lab.play(new, .atTrackEnd)
        lab.run(700)
        lab.notices = []
        #expect(releases.count == 1)
        lab.apply(.activate(number: 3, true))
        for packet in lab.run(500) {
            // Packets start at 13 ms of each 20.
            let start = (lab.live(at: packet.tick).ticks / 8 - 13) / 20 * 160 + 13 * 8
            #expect(
                packet.payload.elementsEqual(
                    new.payload(.pcmu, packetTime: 20, at: MediaTime(ticks: start))))
        }
    }

    @Test func identifiersComeFromTheSiteAndTheGroup() {
        func identity(_ group: String, _ site: UInt64, _ local: String) -> MulticastIdentity? {
            guard let group = Endpoint(group), let local = IPAddress(local) else { return nil }
            return MulticastIdentity(
                MulticastParameters(
                    classID: "default", format: .pcmu, payloadType: 0, group: group, local: local),
                siteSeed: site)
        }
        let one = identity("239.192.1.10:4000", 1, "192.0.2.1")
        #expect(one == identity("239.192.1.10:4000", 1, "192.0.2.2"))
        #expect(one != identity("239.192.1.10:4000", 2, "192.0.2.1"))
        #expect(one != identity("239.192.1.12:4000", 1, "192.0.2.1"))
    }
}
