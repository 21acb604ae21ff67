import MediaEngine
import Playout
import Testing

/// A class changes what it plays while it is heard.
@Suite struct PlaylistTests {
    @Test(arguments: [true, false])
    func nowIsTheNextPacket(_ isLive: Bool) throws {
        let old = try Music(lengths: [8001], seed: 1)
        let new = try Music(lengths: [4003, 977], seed: 2)
        let lab = VirtualTable()
        lab.play(old)
        lab.open(VirtualTable.setup(isLive: isLive))
        let before = lab.run(500)
        lab.play(new)
        let after = lab.run(500)
        let first = try #require(before.first)
        for (packets, music) in [(before, old), (after, new)] {
            for packet in packets {
                let at =
                    isLive
                    ? lab.live(at: packet.tick) : MediaTime(ticks: (packet.tick - first.tick) * 8)
                #expect(packet.payload.elementsEqual(music.payload(.pcmu, packetTime: 20, at: at)))
            }
        }
        let all = before + after
        #expect(zip(all, all.dropFirst()).allSatisfy { $1.tick - $0.tick == 20 })
    }

    @Test func atTrackEndTheTrackIsHeardToItsEnd() throws {
        let old = try Music(lengths: [8001, 4003], seed: 1)
        let new = try Music(lengths: [7001], seed: 2)
        let lab = VirtualTable()
        lab.play(old)
        lab.open(VirtualTable.setup())
        lab.run(300)
        var cursor = ProgrammeCursor(old.programme)
        let end =
            lab.live(at: lab.tick).ticks + cursor.locate(lab.live(at: lab.tick)).remaining.ticks
        lab.play(new, .atTrackEnd)
        lab.run(3000)
        for packet in lab.sender.packets {
            let start = lab.live(at: packet.tick).ticks
            for (i, octet) in packet.payload.enumerated() {
                let time = start + Int64(i)
                let music = time < end ? old : new
                var cursor = ProgrammeCursor(music.programme)
                let found = cursor.locate(MediaTime(ticks: time))
                let expected = music.octets[.pcmu]?[found.segment][Int(found.offset.ticks)]
                if octet != expected {
                    Issue.record("differs \(time - end) after the end")
                    return
                }
            }
        }
    }

    @Test func aPersonalStreamChangesAtTheEndOfItsOwnTrack() throws {
        let old = try Music(lengths: [8001, 4003], seed: 1)
        let new = try Music(lengths: [7001, 501], seed: 2)
        let lab = VirtualTable()
        lab.play(old)
        lab.open(VirtualTable.setup(isLive: false))
        lab.run(300)
        lab.play(new, .atTrackEnd)
        // Longer than until the class's own track ends.
        let sent = lab.run(4000)
        let heard = Array(lab.sender.packets.flatMap { $0.payload })
        let first = old.octets[.pcmu]?[0] ?? []
        #expect(heard.prefix(8001).elementsEqual(first))
        // From the start of one of the new tracks on.
        let rest = heard.dropFirst(8001)
        let tracks = new.octets[.pcmu] ?? []
        #expect(tracks.contains { rest.prefix(400).elementsEqual($0.prefix(400)) })
        #expect(!sent.isEmpty)
    }

    @Test(arguments: [PlaylistChange.now, .atTrackEnd], [true, false])
    func oldMemoryIsGivenBack(_ change: PlaylistChange, _ isLive: Bool) throws {
        let lab = VirtualTable()
        weak var rendition: Rendition?
        weak var prepared: PreparedPlaylist?
        let releases: Music.Releases
        do {
            let music = try Music(lengths: [4001])
            let playlist = PreparedPlaylist(music.playlist)
            releases = music.releases
            rendition = music.playlist.renditions[.pcmu]?[0]
            prepared = playlist
            lab.play(playlist)
        }
        lab.open(VirtualTable.setup(isLive: isLive))
        lab.run(100)
        #expect(rendition != nil)
        lab.play(try Music(lengths: [3001]), change)
        // Until the track has ended, personal ones included; then what was let go is in a notice.
        lab.run(700)
        lab.notices = []
        #expect(prepared == nil)
        #expect(rendition == nil)
        #expect(releases.count == 1)
        #expect(lab.run(100).count == 5)
    }

    @Test func aChangeThatIsReplacedBeforeItIsHeardIsGivenBack() throws {
        let lab = VirtualTable()
        lab.play(try Music(lengths: [80_001]))
        lab.open(VirtualTable.setup())
        lab.run(100)
        var releases: [Music.Releases] = []
        for seed in 0..<20 {
            let music = try Music(lengths: [3001], seed: UInt64(seed))
            releases.append(music.releases)
            lab.play(music, .atTrackEnd)
            lab.run(3)
        }
        lab.notices = []
        #expect(releases.dropLast().allSatisfy { $0.count == 1 })
        #expect(releases.last?.count == 0)
    }

    @Test func aListenerWhoseFormatIsGoneKeepsTheOldMusic() throws {
        let old = try Music(lengths: [8001], formats: [.pcmu, .g722], seed: 1)
        let lab = VirtualTable()
        lab.play(old)
        lab.open(VirtualTable.setup(.g722))
        lab.run(100)
        lab.play(try Music(lengths: [4001], seed: 2))
        for packet in lab.run(2500) {
            let expected = old.payload(.g722, packetTime: 20, at: lab.live(at: packet.tick))
            #expect(packet.payload.elementsEqual(expected))
        }
    }

    @Test func aRemovedClassLeavesNothing() throws {
        let lab = VirtualTable()
        let releases: Music.Releases
        do {
            let music = try Music(lengths: [8001])
            releases = music.releases
            lab.play(music)
        }
        lab.open(VirtualTable.setup())
        lab.run(100)
        lab.apply(.removeClass(classIndex: 0))
        #expect(lab.run(100).count == 5)
        lab.apply(.close(number: 0))
        lab.notices = []
        #expect(releases.count == 1)
    }
}
