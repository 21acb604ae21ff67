import MediaEngine
import Playout
import Testing

/// Streams with a place of their own in the programme.
@Suite struct PersonalTests {
    @Test(arguments: [0, 5, 1234, 8000, 8001, 123_456] as [Int64], [0, 7, 100, 3333])
    func startAndEndAreExact(_ start: Int64, _ milliseconds: Int) throws {
        let music = try Music(lengths: [8001, 333, 4003])
        let lab = VirtualTable()
        lab.play(music)
        lab.open(VirtualTable.setup(isLive: false), start: start)
        let sent = lab.run(milliseconds).filter { !$0.isRTCP }
        lab.apply(.close(number: 0))
        for (i, packet) in sent.enumerated() {
            let at = MediaTime(ticks: start + Int64(160 * i))
            #expect(packet.payload.elementsEqual(music.payload(.pcmu, packetTime: 20, at: at)))
        }
        guard case .closed(0, let position)? = lab.notices.last else {
            Issue.record("not closed")
            return
        }
        #expect(position == start + Int64(160 * sent.count))
    }

    @Test func resumedSevenSecondsLaterItGoesOnThere() throws {
        let music = try Music(lengths: [80_001, 40_003])
        let lab = VirtualTable()
        lab.play(music)
        lab.open(VirtualTable.setup(isLive: false))
        lab.run(7000)
        lab.apply(.close(number: 0))
        guard case .closed(_, let position)? = lab.notices.last else {
            Issue.record("not closed")
            return
        }
        #expect(abs(position - 56_000) <= 160)
        lab.run(3000)
        lab.sender.packets = []
        lab.open(VirtualTable.setup(isLive: false), number: 1, start: position)
        let first = try #require(lab.run(40).first)
        let expected = music.payload(.pcmu, packetTime: 20, at: MediaTime(ticks: position))
        #expect(first.payload.elementsEqual(expected))
    }

    @Test func onTrialTheProgrammeGoesOnWithTime() throws {
        let music = try Music(lengths: [80_001])
        let lab = VirtualTable()
        lab.play(music)
        lab.open(VirtualTable.setup(isLive: false, sending: .capped))
        let sent = lab.run(500)
        let first = try #require(sent.first)
        #expect(sent.count == 5)
        for packet in sent {
            let at = MediaTime(ticks: (packet.tick - first.tick) * 8)
            #expect(packet.payload.elementsEqual(music.payload(.pcmu, packetTime: 20, at: at)))
        }
    }
}
