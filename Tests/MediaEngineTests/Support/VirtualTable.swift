import MediaEngine
import Playout
import Primitives
import RTP
import Sockets

/// A table of streams on a clock that only tests move.
final class VirtualTable {
    let sender = RecordingSender()
    let table: StreamTable<RecordingSender>
    /// The tick to come.
    private(set) var tick: Int64
    /// Wall clock of tick 0 in nanoseconds.
    var epoch: Int64
    var notices: [StreamNotice] = []

    static let wall: Int64 = 1_795_592_000_123_456_789

    init(
        capacity: Int = 64, tick: Int64 = 1_000_003, epoch: Int64 = VirtualTable.wall,
        cappedInterval: Int64 = 100, rtcpInterval: Int64 = 1_000_000, seed: UInt64 = 7
    ) {
        self.tick = tick
        self.epoch = epoch
        table = StreamTable(
            capacity: capacity, maximumPayload: 6000, cappedInterval: cappedInterval,
            rtcpInterval: rtcpInterval, cname: "moh@192.0.2.10", seed: seed, sender: sender)
    }

    func wall(at tick: Int64) -> WallClockTime {
        WallClockTime(nanoseconds: epoch + tick * 1_000_000)
    }

    /// Programme time at a tick.
    func live(at tick: Int64) -> MediaTime { MediaTime(nanoseconds: wall(at: tick).nanoseconds) }

    func apply(_ command: StreamCommand) {
        table.prepare(tick: tick, wall: wall(at: tick))
        table.apply(command)
        takeNotices()
    }

    func play(_ music: Music, _ change: PlaylistChange = .now, in classIndex: Int32 = 0) {
        play(PreparedPlaylist(music.playlist), change, in: classIndex)
    }

    func play(
        _ playlist: PreparedPlaylist, _ change: PlaylistChange = .now, in classIndex: Int32 = 0
    ) {
        apply(.playlist(classIndex: classIndex, playlist, change))
    }

    func open(
        _ setup: StreamSetup, number: Int = 0, sequence: UInt16 = 65_530,
        timestamp: UInt32 = 0xffff_ff00, start: Int64 = 0
    ) {
        apply(
            .open(
                number: number, setup, sequence: sequence, timestamp: timestamp, start: start))
    }

    /// - Returns: what was sent meanwhile.
    @discardableResult
    func run(_ milliseconds: Int, isSkipped: Bool = false) -> [SentPacket] {
        let first = sender.packets.count
        let end = tick + Int64(milliseconds)
        while tick < end {
            sender.tick = tick
            table.advance(tick: tick, wall: wall(at: tick), isSkipped: isSkipped)
            tick += 1
            takeNotices()
        }
        return Array(sender.packets[first...])
    }

    /// As a sending thread does it, which sleeps while there is nothing to do.
    /// - Returns: what was sent meanwhile.
    func runAsleep(_ milliseconds: Int) -> [SentPacket] {
        let first = sender.packets.count
        let end = tick + Int64(milliseconds)
        while let next = table.nextTick(from: tick), next < end {
            tick = next
            run(1)
        }
        tick = end
        return Array(sender.packets[first...])
    }

    private func takeNotices() {
        notices += table.notices
        table.notices.removeAll()
    }

    static func setup(
        _ format: MediaFormat = .pcmu, packetTime: Int32 = 20, isLive: Bool = true,
        sending: StreamSetup.Sending = .full, destination: String = "192.0.2.1:4000",
        ssrc: UInt32 = 0xfeed_beef, classIndex: Int32 = 0, payloadType: UInt8 = 0,
        socket: Int32 = 5, sharesSocket: Bool = true, rtcp: String? = "192.0.2.1:4001"
    ) -> StreamSetup {
        StreamSetup(
            classIndex: classIndex, isLive: isLive, format: format, payloadType: payloadType,
            packetTime: packetTime, sending: sending,
            destination: SocketAddress(Endpoint(destination)),
            rtcpDestination: SocketAddress(rtcp.flatMap { Endpoint($0) }), socket: socket,
            rtcpSocket: socket + 1, sharesSocket: sharesSocket, ssrc: ssrc)
    }
}
