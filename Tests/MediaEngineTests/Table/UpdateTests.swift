import MediaEngine
import Playout
import RTP
import Sockets
import Testing

/// What a re-INVITE changes, changes without a gap.
@Suite struct UpdateTests {
    static let changes: [(String, StreamSetup)] = [
        ("payload type", VirtualTable.setup(payloadType: 96)),
        ("packet time", VirtualTable.setup(packetTime: 60)),
        ("shorter packet time", VirtualTable.setup(packetTime: 10)),
        ("format", VirtualTable.setup(.g722, payloadType: 9)),
        ("clock rate", VirtualTable.setup(.opusStereo, packetTime: 30, ssrc: 99, payloadType: 111)),
        ("destination", VirtualTable.setup(destination: "198.51.100.7:6000")),
        (
            "all",
            VirtualTable.setup(
                .l16At16000, packetTime: 40, destination: "198.51.100.7:6000", ssrc: 98,
                payloadType: 100, rtcp: nil)
        ),
        ("kind", VirtualTable.setup(isLive: false)),
        ("own socket", VirtualTable.setup(socket: 21, sharesSocket: false)),
    ]

    private func music() throws -> Music {
        try Music(
            lengths: [8001, 4003], formats: [.pcmu, .g722, .opusStereo, .l16At16000])
    }

    @Test(arguments: changes.indices, 0..<20)
    func oneChangeLeavesNoGap(_ change: Int, _ after: Int) throws {
        let lab = VirtualTable()
        lab.play(try music())
        let old = VirtualTable.setup()
        lab.open(old)
        lab.run(100 + after)
        let new = UpdateTests.changes[change].1
        lab.apply(.update(number: 0, new))
        lab.run(300)
        let sent = lab.sender.packets.filter { !$0.isRTCP }
        for (a, b) in zip(sent, sent.dropFirst()) {
            #expect(b.sequence &- a.sequence == 1)
            let step = Int64(
                a.payloadType == new.payloadType && a.ssrc == new.ssrc
                    && a.destination == new.destination.endpoint && a.socket == new.socket
                    && a.tick >= 1_000_103 + Int64(after) ? new.packetTime : 20)
            #expect(b.tick - a.tick == step)
            if a.ssrc == b.ssrc, a.payloadType == b.payloadType {
                let clock = Int64((a.payloadType == 0 ? old : new).format.clockRate)
                #expect(Int64(b.timestamp &- a.timestamp) == (b.tick - a.tick) * clock / 1000)
            }
        }
        let last = try #require(sent.last)
        #expect(last.payloadType == new.payloadType)
        #expect(last.ssrc == new.ssrc)
        #expect(last.destination == new.destination.endpoint)
        #expect(last.socket == new.socket)
        // RFC 3550 §6.3.7: the old identity says goodbye, and the new one begins with a marker.
        if new.ssrc != old.ssrc {
            #expect(sent.first { $0.ssrc == new.ssrc }?.marker == true)
            let goodbyes = lab.sender.packets.filter { $0.isRTCP }.flatMap(\.reports)
            #expect(goodbyes.contains(.goodbye(.init(sources: [old.ssrc]))))
        }
    }

    @Test func tenInARowLeaveNoGap() throws {
        let lab = VirtualTable()
        lab.play(try music())
        lab.open(VirtualTable.setup())
        lab.run(97)
        for i in 0..<10 {
            lab.apply(.update(number: 0, UpdateTests.changes[i % UpdateTests.changes.count].1))
            lab.run(i % 3)
        }
        lab.apply(.update(number: 0, VirtualTable.setup(payloadType: 8)))
        lab.run(300)
        let sent = lab.sender.packets.filter { !$0.isRTCP }
        for (a, b) in zip(sent, sent.dropFirst()) {
            #expect(b.sequence &- a.sequence == 1)
            #expect(b.tick - a.tick <= 60)
        }
        #expect(sent.last?.payloadType == 8)
        #expect(lab.run(100).count == 5)
    }

    @Test func aPauseStopsAndAMarkerEndsIt() throws {
        let lab = VirtualTable()
        let music = try music()
        lab.play(music)
        lab.open(VirtualTable.setup(isLive: false))
        let before = lab.run(100)
        lab.apply(.update(number: 0, VirtualTable.setup(isLive: false, sending: .paused)))
        #expect(lab.run(1234).isEmpty)
        lab.apply(.update(number: 0, VirtualTable.setup(isLive: false)))
        let after = lab.run(200)
        let last = try #require(before.last)
        let first = try #require(after.first)
        #expect(first.marker)
        #expect(!after.dropFirst().contains { $0.marker })
        #expect(first.sequence &- last.sequence == 1)
        #expect(Int64(first.timestamp &- last.timestamp) == (first.tick - last.tick) * 8)
        // Its programme stood still.
        let heard = (before + after).flatMap { $0.payload }
        let expected = (music.octets[.pcmu] ?? []).flatMap { $0 }
        #expect(heard.elementsEqual(expected.prefix(heard.count)))
    }

    @Test(arguments: [0, 1, 3, 10, 19, 20, 21, 60])
    func aStreamOnTrialGoesOnOnePacketTimeLater(_ delay: Int) throws {
        let lab = VirtualTable()
        lab.play(try music())
        lab.open(VirtualTable.setup(sending: .capped))
        while lab.sender.packets.isEmpty { lab.run(1) }
        lab.run(delay)
        lab.apply(.update(number: 0, VirtualTable.setup()))
        lab.run(200)
        let sent = lab.sender.packets
        for (a, b) in zip(sent, sent.dropFirst()) {
            #expect(Int64(b.timestamp &- a.timestamp) == (b.tick - a.tick) * 8)
            #expect(b.sequence &- a.sequence == 1)
        }
        let wait = sent[1].tick - sent[0].tick
        #expect(delay >= 20 ? wait <= Int64(delay + 21) : wait == 20)
        #expect(zip(sent.dropFirst(), sent.dropFirst(2)).allSatisfy { $1.tick - $0.tick == 20 })
    }

    @Test func manyOnTrialAreSpreadAndStaySpread() throws {
        let lab = VirtualTable(capacity: 3000)
        lab.play(try music())
        for i in 0..<3000 {
            lab.open(VirtualTable.setup(sending: .capped, ssrc: UInt32(i + 1)), number: i)
        }
        lab.run(20)
        for i in 0..<3000 {
            lab.apply(.update(number: i, VirtualTable.setup(ssrc: UInt32(i + 1))))
        }
        lab.sender.packets = []
        let sent = lab.run(20)
        #expect(sent.count == 3000)
        let bySlot = Dictionary(grouping: sent) { $0.tick % 20 }.mapValues(\.count)
        #expect(bySlot.count == 20)
        #expect(bySlot.values.allSatisfy { $0 == 150 })
    }

    @Test(arguments: PacketTime.all)
    func aVictimGetsAtMostTheCap(_ packetTime: Int) throws {
        let lab = VirtualTable(rtcpInterval: 500)
        lab.play(try music())
        let trial = VirtualTable.setup(packetTime: Int32(packetTime), sending: .capped)
        lab.open(trial)
        lab.run(2500)
        // Signalling that repeats itself does not hasten it.
        for _ in 0..<50 {
            lab.apply(.update(number: 0, trial))
            lab.run(1)
            lab.apply(.update(number: 0, VirtualTable.setup(sending: .paused, rtcp: nil)))
            lab.run(1)
        }
        lab.apply(.update(number: 0, trial))
        lab.run(2400)
        lab.apply(
            .update(number: 0, VirtualTable.setup(sending: .paused, rtcp: nil)))
        lab.run(5000)
        lab.apply(.close(number: 0))
        // 160 octets of sound are one packet, 480 are three.
        let cost = (packetTime * 8 + 159) / 160
        #expect(lab.sender.packets.count <= 50 / cost + 1)
        #expect(lab.sender.packets.count >= 35 / cost)
        #expect(!lab.sender.packets.contains { $0.isRTCP })
    }
}
