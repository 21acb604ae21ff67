import Glibc
import MediaEngine
import Playout
import Primitives
import Testing

@Suite struct PlacementTests {
    @Test(arguments: PacketTime.all)
    func slotsAreFilledEvenly(_ packetTime: Int) throws {
        let streams = 150 * packetTime
        let lab = VirtualTable(capacity: streams)
        lab.play(try Music(lengths: [8001]))
        for i in 0..<streams {
            lab.open(
                VirtualTable.setup(packetTime: Int32(packetTime), ssrc: UInt32(i + 1)), number: i)
        }
        lab.run(packetTime)
        lab.sender.packets = []
        let bySlot = Dictionary(grouping: lab.run(packetTime)) { $0.tick }.mapValues(\.count)
        #expect(bySlot.count == packetTime)
        #expect(bySlot.values.allSatisfy { $0 == 150 })
    }

    @Test func fewStreamsWakeTheThreadSeldom() throws {
        let lab = VirtualTable()
        lab.play(try Music(lengths: [8001]))
        #expect(lab.table.nextTick(from: lab.tick) == nil)
        for i in 0..<10 { lab.open(VirtualTable.setup(ssrc: UInt32(i + 1)), number: i) }
        let sent = lab.run(200)
        #expect(Set(sent.dropFirst(10).map { $0.tick % 20 }).count == 1)
        let next = try #require(lab.table.nextTick(from: lab.tick))
        #expect(next > lab.tick && next < lab.tick + 20)
    }

    @Test func tenThousandOpenedAndClosedLeaveNothing() throws {
        let lab = VirtualTable(capacity: 10_000)
        let releases: Music.Releases
        do {
            let music = try Music(lengths: [8001], formats: [.pcmu, .opusMono])
            releases = music.releases
            lab.play(music)
        }
        lab.sender.isRecording = false
        let kinds: [StreamSetup.Sending] = [.full, .full, .capped, .paused]
        for round in 0..<2 {
            for i in 0..<10_000 {
                lab.open(
                    VirtualTable.setup(
                        i % 2 == 0 ? .pcmu : .opusMono, packetTime: Int32(PacketTime.all[i % 5]),
                        isLive: i % 3 != 0, sending: kinds[i % 4], ssrc: UInt32(i + 1),
                        socket: i % 7 == 0 ? Int32(100 + i) : 5, sharesSocket: i % 7 != 0),
                    number: i)
                if i % 100 == 0 { lab.run(1) }
            }
            lab.run(200)
            for i in 0..<10_000 {
                lab.apply(.close(number: round == 0 ? i : 9999 - i))
                if i % 100 == 0 { lab.run(1) }
            }
            #expect(lab.table.nextTick(from: lab.tick) == nil)
            let before = lab.sender.count
            lab.run(500)
            #expect(lab.sender.count == before)
        }
        let closed = lab.notices.filter { if case .closed = $0 { true } else { false } }
        #expect(closed.count == 20_000)
        lab.apply(.removeClass(classIndex: 0))
        lab.notices = []
        #expect(releases.count == 2)
    }

    @Test func closingOneDisturbsNoOther() throws {
        let music = try Music(lengths: [8001])
        let lab = VirtualTable(capacity: 600)
        lab.play(music)
        for i in 0..<600 {
            lab.open(
                VirtualTable.setup(destination: "192.0.2.1:\(2000 + i)", ssrc: UInt32(i)),
                number: i)
        }
        lab.run(100)
        for i in 0..<600 where i % 3 != 1 {
            lab.apply(.close(number: i))
            lab.run(1)
        }
        lab.run(100)
        let byStream = Dictionary(grouping: lab.sender.packets.filter { !$0.isRTCP }, by: \.ssrc)
        for (ssrc, sent) in byStream {
            for (a, b) in zip(sent, sent.dropFirst()) {
                #expect(b.tick - a.tick == 20 && b.sequence &- a.sequence == 1)
            }
            #expect(sent.allSatisfy { $0.destination?.port == UInt16(2000 + ssrc) })
            if ssrc % 3 == 1 { #expect((sent.last?.tick ?? 0) >= lab.tick - 20) }
        }
    }

    @Test func whatTheKernelRefusesIsCountedAndReported() throws {
        let lab = VirtualTable()
        lab.play(try Music(lengths: [8001]))
        lab.open(VirtualTable.setup(), number: 0)
        lab.open(VirtualTable.setup(ssrc: 2), number: 1)
        lab.run(20)
        // Once: an ICMP error of an earlier packet, reported in place of this send.
        var refusals = 1
        lab.sender.judge = { count in
            refusals -= 1
            return refusals >= 0 ? -Int(ECONNREFUSED) : count
        }
        #expect(lab.run(20).count == 2)
        #expect(lab.table.counts.sendErrors == 0)
        // Twice: it does refuse the first of the two.
        refusals = 2
        #expect(lab.run(20).count == 1)
        #expect(lab.table.counts.sendErrors == 1)
        guard case .refused(_, ECONNREFUSED)? = lab.notices.last else {
            Issue.record("not reported")
            return
        }
        // No room: the rest of the slot is lost, and nobody is to blame.
        lab.sender.judge = { _ in -Int(EAGAIN) }
        lab.notices = []
        #expect(lab.run(20).isEmpty)
        #expect(lab.notices.isEmpty)
        #expect(lab.table.counts.sendErrors == 3)
        // The device's queue is full for one packet: only that one is lost.
        refusals = 1
        lab.sender.judge = { count in
            refusals -= 1
            return refusals >= 0 ? -Int(ENOBUFS) : count
        }
        #expect(lab.run(20).count == 1)
        #expect(lab.notices.isEmpty)
        #expect(lab.table.counts.sendErrors == 4)
        // A short count is gone on with.
        lab.sender.judge = { min($0, 1) }
        #expect(lab.run(20).count == 2)
    }
}
