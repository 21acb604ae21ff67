import MediaEngine
import Playout
import Primitives
import RTP
import Testing

/// The sending thread's table in virtual time: a tick is a millisecond that the test lets pass.
@Suite struct StreamTableTests {
    // MARK: What is played

    /// A playlist whose tracks are filled with octets that name their place.
    private static func playlist(
        _ lengths: [Int64], _ formats: [MediaFormat] = MediaFormat.allCases,
        order: Programme.Order = .sequential
    ) throws -> Playlist {
        let renditions = Dictionary(
            uniqueKeysWithValues: formats.map { format in
                (format, lengths.enumerated().map { rendition($0.offset, $0.element, format) })
            })
        let programme = try #require(
            Programme(lengths: lengths.map { MediaTime(ticks: $0) }, order: order))
        return try #require(Playlist(programme: programme, renditions: renditions))
    }

    private static func rendition(_ track: Int, _ ticks: Int64, _ format: MediaFormat) -> Rendition
    {
        let units = Int((ticks + format.unit.ticks - 1) / format.unit.ticks)
        let count = units * format.octetsPerUnit
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        for i in 0..<count { memory[i] = octet(track, i) }
        nonisolated(unsafe) let kept = memory
        return Rendition(
            format: format, length: MediaTime(ticks: ticks), base: UnsafeRawPointer(memory)
        ) { kept.deallocate() }
    }

    private static func octet(_ track: Int, _ i: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: i &* 31 &+ i >> 8 &+ track &* 101)
    }

    // MARK: The table

    private final class Bench {
        let sender = RecordingSender()
        let table: StreamTable<RecordingSender>
        var tick: Int64 = 0
        let epoch: Int64

        init(_ playlist: Playlist, epoch: Int64 = 0) {
            self.epoch = epoch
            table = StreamTable(
                capacity: 64, maximumPayload: 1440, cappedInterval: 100, rtcpInterval: 1 << 40,
                cname: "test", seed: 1, sender: sender)
            apply(.playlist(classIndex: 0, PreparedPlaylist(playlist), .now))
        }

        private var wall: WallClockTime {
            WallClockTime(nanoseconds: epoch + tick * 1_000_000)
        }

        func apply(_ command: StreamCommand) {
            table.prepare(tick: tick, wall: wall)
            table.apply(command)
        }

        /// The packets of so many milliseconds with the tick at which each was sent.
        func run(milliseconds: Int) throws -> [(tick: Int64, packet: RTPPacketFields)] {
            var sent: [(Int64, RTPPacketFields)] = []
            for _ in 0..<milliseconds {
                table.advance(tick: tick, wall: wall)
                for octets in sender.takeAll()
                where octets.count > 1 && !(192...223).contains(octets[1]) {
                    sent.append((tick, try #require(RTPPacketFields(octets))))
                }
                tick += 1
            }
            return sent
        }
    }

    struct RTPPacketFields {
        var marker: Bool
        var payloadType: UInt8
        var sequence: UInt16
        var timestamp: UInt32
        var ssrc: UInt32
        var payload: [UInt8]

        init?(_ octets: [UInt8]) {
            guard octets.count >= 12, octets[0] == 0x80 else { return nil }
            func number(_ range: Range<Int>) -> UInt32 {
                octets[range].reduce(0) { $0 << 8 | UInt32($1) }
            }
            marker = octets[1] & 0x80 != 0
            payloadType = octets[1] & 0x7f
            sequence = UInt16(truncatingIfNeeded: number(2..<4))
            timestamp = number(4..<8)
            ssrc = number(8..<12)
            payload = Array(octets[12...])
        }
    }

    private func setup(
        _ format: MediaFormat = .pcmu, packetTime: Int32 = 20, isLive: Bool = true,
        sending: StreamSetup.Sending = .full, payloadType: UInt8 = 0
    ) -> StreamSetup {
        let destination = SocketAddress(Endpoint(.loopbackV4, port: 4000))
        return StreamSetup(
            classIndex: 0, isLive: isLive, format: format, payloadType: payloadType,
            packetTime: packetTime, sending: sending, destination: destination,
            rtcpDestination: SocketAddress(Endpoint(.loopbackV4, port: 4001)), socket: 3,
            rtcpSocket: 4, sharesSocket: true, ssrc: 0x1234_5678)
    }

    private func open(_ bench: Bench, _ setup: StreamSetup, number: Int = 0, start: Int64 = 0) {
        bench.apply(
            .open(number: number, setup, sequence: 65_530, timestamp: 0xffff_ff00, start: start))
    }

    // MARK: Tests

    @Test func aHundredLoopsAreTheirConcatenationOctetByOctet() throws {
        // 777 and 1501 ticks: the joints fall anywhere within packets.
        let lengths: [Int64] = [777, 1501]
        let bench = Bench(try Self.playlist(lengths, [.pcmu]))
        open(bench, setup(isLive: false))
        let whole = lengths.enumerated().flatMap { track, length in
            (0..<Int(length)).map { Self.octet(track, $0) }
        }
        let milliseconds = 100 * whole.count / 8
        let heard = try bench.run(milliseconds: milliseconds).flatMap(\.packet.payload)
        #expect(heard.count > 99 * whole.count)
        #expect(heard.indices.allSatisfy { heard[$0] == whole[$0 % whole.count] })
    }

    @Test(arguments: MediaFormat.allCases, [10, 20, 30, 40, 60])
    func stepsAgree(format: MediaFormat, packetTime: Int) throws {
        let octets = format.octets(of: .milliseconds(packetTime))
        guard octets <= 1440 else { return }
        let bench = Bench(try Self.playlist([80_000], [format]))
        open(bench, setup(format, packetTime: Int32(packetTime)))
        let sent = try bench.run(milliseconds: 1200)
        let prefix = format.payloadPrefix(packetTime: packetTime)
        #expect(abs(sent.count - 1200 / packetTime) <= 1)
        #expect(sent.first?.packet.marker == true)
        #expect(sent.dropFirst().allSatisfy { !$0.packet.marker })
        for (a, b) in zip(sent, sent.dropFirst()) {
            #expect(b.tick - a.tick == Int64(packetTime))
            #expect(b.packet.sequence == a.packet.sequence &+ 1)
            #expect(
                b.packet.timestamp &- a.packet.timestamp
                    == UInt32(format.clockRate * packetTime / 1000))
        }
        #expect(
            sent.allSatisfy {
                $0.packet.payload.count == prefix.count + octets
                    && Array($0.packet.payload.prefix(prefix.count)) == prefix
            })
    }

    @Test func twoNodesPlayTheSameMoment() throws {
        let lengths: [Int64] = [8000, 12_345, 4321]
        let epoch: Int64 = 1_795_584_000_000_000_000
        let playlist = try Self.playlist(lengths, [.pcmu], order: .shuffle(seed: 5))
        let a = Bench(playlist, epoch: epoch)
        let b = Bench(playlist, epoch: epoch + 7_000_000)
        open(a, setup())
        open(b, setup(), number: 9)
        let fromA = try a.run(milliseconds: 4000)
        let fromB = try b.run(milliseconds: 4000)
        // What A sends as of each millisecond, against what B sends for the same time.
        var octets: [Int64: UInt8] = [:]
        for (tick, packet) in fromA {
            for (i, octet) in packet.payload.enumerated() { octets[tick * 8 + Int64(i)] = octet }
        }
        var compared = 0
        for (tick, packet) in fromB {
            for (i, octet) in packet.payload.enumerated() {
                guard let other = octets[(tick + 7) * 8 + Int64(i)] else { continue }
                #expect(other == octet)
                compared += 1
            }
        }
        #expect(compared > 30_000)
    }

    @Test func changesInARowLeaveNoGap() throws {
        let bench = Bench(try Self.playlist([80_000]))
        open(bench, setup())
        var sent = try bench.run(milliseconds: 95)
        let changes: [(MediaFormat, Int32)] = [
            (.pcma, 20), (.g722, 10), (.opusMono, 60), (.pcmu, 40), (.pcmu, 20), (.l16At8000, 30),
            (.opusStereo, 20), (.pcma, 60), (.pcmu, 10), (.pcmu, 20),
        ]
        for (i, change) in changes.enumerated() {
            bench.apply(
                .update(
                    number: 0,
                    setup(change.0, packetTime: change.1, payloadType: UInt8(96 + i))))
            sent += try bench.run(milliseconds: 83)
        }
        for (a, b) in zip(sent, sent.dropFirst()) {
            #expect(b.packet.sequence == a.packet.sequence &+ 1)
            #expect(b.tick - a.tick <= 60)
        }
        #expect(Set(sent.map(\.packet.payloadType)) == Set([0] + (96..<106)))
    }

    @Test func aStreamOnTrialGoesOnOnePacketTimeAfterItsFirstPacket() throws {
        let bench = Bench(try Self.playlist([80_000], [.pcmu]))
        open(bench, setup(sending: .capped))
        var sent = try bench.run(milliseconds: 6)
        bench.apply(.update(number: 0, setup()))
        sent += try bench.run(milliseconds: 200)
        #expect(sent.count >= 10)
        for (a, b) in zip(sent, sent.dropFirst()) {
            #expect(b.tick - a.tick == 20)
            #expect(b.packet.timestamp &- a.packet.timestamp == 160)
        }
    }

    @Test func anUnprovenDestinationGetsFewPackets() throws {
        let bench = Bench(try Self.playlist([80_000], [.pcmu]))
        open(bench, setup(sending: .capped))
        #expect(try bench.run(milliseconds: 5000).count <= 51)
    }

    @Test func aPauseSaysNothingAndTheReturnIsMarked() throws {
        let bench = Bench(try Self.playlist([80_000], [.pcmu]))
        open(bench, setup())
        let before = try bench.run(milliseconds: 100)
        bench.apply(.update(number: 0, setup(sending: .paused)))
        #expect(try bench.run(milliseconds: 500).isEmpty)
        bench.apply(.update(number: 0, setup()))
        let after = try bench.run(milliseconds: 100)
        let last = try #require(before.last)
        let first = try #require(after.first)
        #expect(first.packet.marker)
        #expect(first.packet.sequence == last.packet.sequence &+ 1)
        #expect(
            first.packet.timestamp &- last.packet.timestamp
                == UInt32(truncatingIfNeeded: (first.tick - last.tick) * 8))
    }

    @Test func aPersonalStreamSaysWhereItStopped() throws {
        let bench = Bench(try Self.playlist([800_000], [.pcmu]))
        open(bench, setup(isLive: false), start: 56_000)
        let sent = try bench.run(milliseconds: 3000)
        #expect(sent.first?.packet.payload.first == Self.octet(0, 56_000))
        bench.apply(.close(number: 0))
        var closed: MediaTime?
        for case .closed(_, let position) in bench.table.notices {
            closed = MediaTime(ticks: position)
        }
        #expect(closed == MediaTime(ticks: 56_000 + Int64(sent.count) * 160))
    }

    @Test func aNewPlaylistIsHeardAtTheTracksEndOrAtOnce() throws {
        let first = try Self.playlist([8000], [.pcmu])
        let second = try Self.playlist([4000, 4000], [.pcmu])
        for (change, latest) in [(PlaylistChange.now, Int64(20)), (.atTrackEnd, 1020)] {
            let bench = Bench(first)
            open(bench, setup())
            _ = try bench.run(milliseconds: 500)
            bench.apply(.playlist(classIndex: 0, PreparedPlaylist(second), change))
            let after = try bench.run(milliseconds: 1500)
            let heard = after.first { $0.packet.payload.contains { $0 != 0 } && isFromSecond($0) }
            let tick = try #require(heard?.tick)
            #expect(tick - 500 <= latest)
            if change == .atTrackEnd { #expect(tick >= 980) }
        }
    }

    /// Whether a packet holds the second of two tracks of 4000 ticks, which only one playlist has.
    private func isFromSecond(_ sent: (tick: Int64, packet: RTPPacketFields)) -> Bool {
        let place = Int(sent.tick * 8 % 8000)
        guard (4000..<7800).contains(place) else { return false }
        return sent.packet.payload.first == Self.octet(1, place - 4000)
    }
}
