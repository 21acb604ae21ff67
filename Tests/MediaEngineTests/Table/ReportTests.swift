import MediaEngine
import Playout
import Primitives
import RTP
import Testing

/// Our RTCP: SR, SDES, BYE (RFC 3550 §6).
@Suite struct ReportTests {
    private static func senderReport(_ packet: SentPacket) -> SenderReport? {
        for case .senderReport(let report) in packet.reports { return report }
        return nil
    }

    @Test(arguments: [MediaFormat.pcmu, .g722, .opusStereo, .l16At44100], [10, 20, 60])
    func aSenderReportTellsTheTruth(_ format: MediaFormat, _ packetTime: Int) throws {
        let lab = VirtualTable(rtcpInterval: 500)
        lab.play(try Music(lengths: [8001], formats: [format]))
        lab.open(VirtualTable.setup(format, packetTime: Int32(packetTime)))
        lab.run(3000)
        var packets = 0
        var octets = 0
        var timestamps: [Int64: UInt32] = [:]
        var reports = 0
        for packet in lab.sender.packets {
            guard packet.isRTCP else {
                packets += 1
                octets += packet.payload.count
                timestamps[packet.tick] = packet.timestamp
                continue
            }
            let report = try #require(Self.senderReport(packet))
            reports += 1
            #expect(report.ssrc == 0xfeed_beef)
            #expect(report.ntpTime == NTPTime(lab.wall(at: packet.tick)))
            #expect(report.rtpTimestamp == timestamps[packet.tick])
            #expect(report.packetCount == UInt32(packets))
            #expect(report.octetCount == UInt32(octets))
            #expect(packet.destination == Endpoint("192.0.2.1:4001"))
            #expect(packet.socket == 6)
            guard case .sourceDescription(let description)? = packet.reports.dropFirst().first
            else {
                Issue.record("no SDES")
                continue
            }
            #expect(description.cname == "moh@192.0.2.10")
            #expect(packet.reports.count == 2)
        }
        // RFC 3550 §6.3.1: between 0.41 and 1.23 of the interval, a little more for slots.
        #expect((4...16).contains(reports))
    }

    @Test(arguments: [0, 1, 7, 19])
    func goodbyeNamesTheMoment(_ after: Int) throws {
        let lab = VirtualTable()
        lab.play(try Music(lengths: [8001]))
        lab.open(VirtualTable.setup())
        lab.run(200 + after)
        lab.apply(.close(number: 0))
        let media = lab.sender.packets.filter { !$0.isRTCP }
        let last = try #require(lab.sender.packets.last)
        let report = try #require(Self.senderReport(last))
        let final = try #require(media.last)
        #expect(last.reports.last == .goodbye(Goodbye(sources: [0xfeed_beef])))
        #expect(Int64(report.rtpTimestamp &- final.timestamp) == (lab.tick - final.tick) * 8)
        #expect(report.packetCount == UInt32(media.count))
    }

    @Test func whoNeverSentLeavesWithoutAWord() throws {
        let lab = VirtualTable()
        lab.play(try Music(lengths: [8001]))
        lab.open(VirtualTable.setup(sending: .paused))
        lab.run(100)
        lab.apply(.close(number: 0))
        #expect(lab.sender.packets.isEmpty)
    }

    @Test func aHeldStreamReportsThatItIsThere() throws {
        let lab = VirtualTable(rtcpInterval: 500)
        lab.play(try Music(lengths: [8001]))
        lab.open(VirtualTable.setup())
        lab.run(1000)
        lab.apply(.update(number: 0, VirtualTable.setup(sending: .paused)))
        let held = lab.run(5000)
        #expect(held.allSatisfy { $0.isRTCP })
        #expect((8...26).contains(held.count))
        // It sent since its last report only the first time.
        for packet in held.dropFirst() {
            guard case .receiverReport(let report)? = packet.reports.first else {
                Issue.record("no RR")
                continue
            }
            #expect(report.reports.isEmpty)
        }
    }

    /// Whatever its place in the table is: the thread has nothing else to wake up for.
    @Test(arguments: [0, 1, 37, 63, 64, 100])
    func aHeldStreamReportsFromAThreadThatSleeps(_ number: Int) throws {
        let lab = VirtualTable(capacity: 128, rtcpInterval: 500)
        lab.play(try Music(lengths: [8001]))
        lab.open(VirtualTable.setup(), number: number)
        lab.run(1000)
        lab.apply(.update(number: number, VirtualTable.setup(sending: .paused)))
        let held = lab.runAsleep(5000)
        #expect(held.allSatisfy { $0.isRTCP })
        #expect((8...26).contains(held.count), "\(held.count)")
    }

    @Test func withoutADestinationThereIsNoReport() throws {
        let lab = VirtualTable(rtcpInterval: 500)
        lab.play(try Music(lengths: [8001]))
        lab.open(VirtualTable.setup(rtcp: nil))
        lab.run(3000)
        lab.apply(.close(number: 0))
        #expect(!lab.sender.packets.contains { $0.isRTCP })
    }

    @Test func atTheEndEverybodyHearsGoodbye() throws {
        let lab = VirtualTable(capacity: 300)
        lab.play(try Music(lengths: [8001]))
        for i in 0..<300 { lab.open(VirtualTable.setup(ssrc: UInt32(i + 1)), number: i) }
        lab.run(40)
        lab.table.closeAll()
        let said = lab.sender.packets.filter(\.isRTCP).flatMap(\.reports)
        for i in 0..<300 {
            #expect(said.contains(.goodbye(Goodbye(sources: [UInt32(i + 1)]))))
        }
    }

    @Test func aThousandReportsAreSpreadOut() throws {
        let lab = VirtualTable(capacity: 1000, rtcpInterval: 5000)
        lab.play(try Music(lengths: [8001]))
        for i in 0..<1000 { lab.open(VirtualTable.setup(ssrc: UInt32(i + 1)), number: i) }
        lab.run(10_000)
        let byTick = Dictionary(grouping: lab.sender.packets.filter(\.isRTCP), by: \.tick)
        #expect(byTick.values.allSatisfy { $0.count <= 32 })
        #expect(Set(byTick.values.flatMap { $0 }.map { $0.ssrc }).count > 0)
    }
}
