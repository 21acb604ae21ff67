import Glibc
import MediaEngine
import Playout
import Primitives
import RTP
import Testing

/// Streams over loopback.
@Suite(.serialized, .timeLimit(.minutes(1))) struct StreamSocketTests {
    private func report(_ packets: [RTCPPacket]) -> [UInt8] { RTCPPacket.serialise(packets) }

    private func rtp(_ sequence: UInt16, ssrc: UInt32 = 9) -> [UInt8] {
        var octets: [UInt8] = []
        RTPHeader(
            payloadType: 0, sequenceNumber: SequenceNumber(sequence), timestamp: 0, ssrc: ssrc
        ).serialise(into: &octets)
        return octets + [UInt8](repeating: 0xff, count: 160)
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func fiftyPacketsAreHeardAndGoodbye(_ address: String) async throws {
        let address = try #require(IPAddress(address))
        let music = try Music(lengths: [4001, 977])
        let running = try RunningEngine(music)
        let (rtp, rtcp) = try TestSocket.pair(address)
        var parameters = StreamParameters.to(rtp.local)
        parameters.local = address
        let open = try running.engine.open(parameters)
        let heard = rtp.receive(50)
        running.engine.close(open.id)
        let position = try #require(await running.closed(open.id))
        let all = heard + rtp.receive(1000, within: 1)
        #expect(heard.count == 50)
        for (i, packet) in all.enumerated() {
            let expected = music.payload(
                .pcmu, packetTime: 20, at: MediaTime(ticks: Int64(160 * i)))
            #expect(packet.payload.elementsEqual(expected), "packet \(i)")
            #expect(packet.ssrc == open.ssrc)
            #expect(packet.destination == open.rtp)
            #expect(packet.marker == (i == 0))
        }
        #expect(position.ticks == Int64(160 * all.count))
        let reports = rtcp.receive(100, within: 200)
        #expect(reports.last?.reports.last == .goodbye(Goodbye(sources: [open.ssrc])))
        #expect(reports.last?.destination == open.rtcp)
        #expect(open.rtcp.port == open.rtp.port + 1 && open.rtp.port % 2 == 0)
    }

    @Test func allHearTheMomentOfTheWallClock() throws {
        let music = try Music(lengths: [80_001, 40_003], order: .shuffle(seed: 8))
        let running = try RunningEngine(music) {
            $0.threads = 2
            $0.spreadsAbove = 1
        }
        for _ in 0..<4 {
            let socket = try TestSocket()
            _ = try running.engine.open(.to(socket.local, start: nil))
            _ = socket.receive()
            let packet = try #require(socket.receive())
            let now = MediaTime(nanoseconds: TestSocket.wall.nanoseconds)
            // It began at most 50 ms ago, else this machine is busy beyond use.
            let age = (0..<400).first {
                music.payload(.pcmu, packetTime: 20, at: MediaTime(ticks: now.ticks - Int64($0)))
                    .elementsEqual(packet.payload)
            }
            #expect(age != nil)
        }
    }

    @Test func aClosedPortIsNoticed() async throws {
        let running = try RunningEngine(try Music(lengths: [8001]))
        let destination = try TestSocket().local
        let open = try running.engine.open(.to(destination))
        let unreachable = await running.event { event in
            if case .unreachable(let id) = event { id } else { nil }
        }
        #expect(unreachable == open.id)
        #expect(running.engine.statistics.icmpErrors >= 3)
    }

    @Test func aSymmetricStreamFollowsItsListenerOnce() async throws {
        let running = try RunningEngine(try Music(lengths: [8001]))
        let said = try TestSocket()
        let (real, realRTCP) = try TestSocket.pair()
        let stray = try TestSocket()
        var parameters = StreamParameters.to(said.local)
        parameters.isSymmetric = true
        let open = try running.engine.open(parameters)
        #expect(said.receive() != nil)
        stray.send(rtp(5, ssrc: 1), to: open.rtp)
        real.send(rtp(100), to: open.rtp)
        real.send(rtp(101), to: open.rtp)
        let peer = await running.event { event in
            if case .latched(open.id, let peer) = event { peer } else { nil }
        }
        #expect(peer == real.local)
        #expect(real.receive(5).count == 5)
        for sequence in 200..<210 as Range<UInt16> {
            stray.send(rtp(sequence, ssrc: 1), to: open.rtp)
        }
        #expect(real.receive(20).count == 20)
        #expect(stray.receive(within: 1) == nil)
        // Reports follow to the port above.
        #expect(realRTCP.receive() != nil)
    }

    @Test func withoutProofFewPacketsGo() async throws {
        let running = try RunningEngine(try Music(lengths: [8001]))
        let (victim, victimRTCP) = try TestSocket.pair()
        var parameters = StreamParameters.to(victim.local)
        parameters.proof = .required(within: .seconds(1))
        let open = try running.engine.open(parameters)
        let expired = await running.event { event in
            if case .proofExpired(let id) = event { id } else { nil }
        }
        #expect(expired == open.id)
        // Repeating it changes nothing.
        try running.engine.update(open.id, parameters)
        let packets = victim.receive(1000, within: 700)
        // Ten in the second, one for its start, one until the end was noticed.
        #expect((5...15).contains(packets.count))
        running.engine.close(open.id)
        _ = await running.closed(open.id)
        #expect(victimRTCP.receive(within: 1) == nil)
        #expect(running.engine.statistics.proofsExpired == 1)
    }

    @Test(arguments: [true, false])
    func withProofItIsAllThere(_ isRTP: Bool) async throws {
        let running = try RunningEngine(try Music(lengths: [8001]))
        let (phone, phoneRTCP) = try TestSocket.pair()
        var parameters = StreamParameters.to(phone.local)
        parameters.proof = .required(within: .seconds(20))
        let open = try running.engine.open(parameters)
        #expect(phone.receive() != nil)
        if isRTP {
            phone.send(rtp(1), to: open.rtp)
        } else {
            phoneRTCP.send(report([.receiverReport(ReceiverReport(ssrc: 9))]), to: open.rtcp)
        }
        let proved = await running.event { event in
            if case .proved(let id) = event { id } else { nil }
        }
        #expect(proved == open.id)
        let start = TestSocket.now
        #expect(phone.receive(50).count == 50)
        #expect(TestSocket.now - start < .milliseconds(2000))
    }

    @Test func whatTheListenerReportsIsHandedOn() async throws {
        let running = try RunningEngine(try Music(lengths: [8001]))
        let (phone, phoneRTCP) = try TestSocket.pair()
        let open = try running.engine.open(.to(phone.local))
        _ = phone.receive()
        let block = ReportBlock(
            ssrc: open.ssrc, fractionLost: 64, cumulativeLost: 3,
            extendedHighestSequenceNumber: 7, jitter: 160)
        phoneRTCP.send(
            report([.receiverReport(ReceiverReport(ssrc: 9, reports: [block]))]), to: open.rtcp)
        let heard = await running.event { event in
            if case .receiverReport(open.id, let report) = event { report } else { nil }
        }
        #expect(heard?.fractionLost == 0.25)
        #expect(heard?.cumulativeLost == 3)
        #expect(heard?.jitter == .milliseconds(20))
        #expect(heard?.roundTrip == nil)
        #expect(running.engine.statistics.listening["default"]?.reports == 1)
        phoneRTCP.send(
            report([
                .receiverReport(ReceiverReport(ssrc: 9)), .goodbye(Goodbye(sources: [9])),
            ]), to: open.rtcp)
        let left = await running.event { event in
            if case .rtcpBye(let id) = event { id } else { nil }
        }
        #expect(left == open.id)
    }

    @Test func silenceWhereReportsWerePromisedIsNoticed() async throws {
        let running = try RunningEngine(try Music(lengths: [8001]))
        let phone = try TestSocket()
        var parameters = StreamParameters.to(phone.local)
        parameters.rtcpWatch = .promised(.milliseconds(800))
        let open = try running.engine.open(parameters)
        let silent = await running.event { event in
            if case .rtcpSilent(let id) = event { id } else { nil }
        }
        #expect(silent == open.id)
    }

    @Test func theSameSSRCFromTheListenerChangesOurs() async throws {
        let running = try RunningEngine(try Music(lengths: [8001]))
        let (phone, phoneRTCP) = try TestSocket.pair()
        let open = try running.engine.open(.to(phone.local))
        _ = phone.receive()
        phone.send(rtp(1, ssrc: open.ssrc), to: open.rtp)
        let ssrc = await running.event { event in
            if case .ssrcChanged(open.id, let ssrc) = event { ssrc } else { nil }
        }
        #expect(ssrc != nil && ssrc != open.ssrc)
        let sent = phone.receive(50)
        #expect(sent.last?.ssrc == ssrc)
        for (a, b) in zip(sent, sent.dropFirst()) { #expect(b.sequence &- a.sequence == 1) }
        let said = phoneRTCP.receive(10, within: 300).flatMap(\.reports)
        #expect(said.contains(.goodbye(Goodbye(sources: [open.ssrc]))))
    }

    @Test func stopSaysGoodbyeAndLeavesNothing() async throws {
        func descriptors() -> Int {
            guard let directory = opendir("/proc/self/fd") else { return -1 }
            defer { closedir(directory) }
            var count = 0
            while readdir(directory) != nil { count += 1 }
            return count
        }
        let before = descriptors()
        for _ in 0..<3 {
            let running = try RunningEngine(try Music(lengths: [8001])) {
                $0.threads = 3
                $0.spreadsAbove = 1
            }
            var sockets: [(TestSocket, TestSocket)] = []
            for i in 0..<9 {
                let pair = try TestSocket.pair()
                var parameters = StreamParameters.to(pair.0.local)
                parameters.isSymmetric = i % 3 == 0
                _ = try running.engine.open(parameters)
                sockets.append(pair)
            }
            for socket in sockets { #expect(socket.0.receive() != nil) }
            running.engine.stop()
            for socket in sockets {
                let last = socket.1.receive(100, within: 100).last?.reports.last
                guard case .goodbye? = last else {
                    Issue.record("no BYE")
                    continue
                }
            }
            #expect(throws: MediaEngineError.notRunning) {
                try running.engine.open(.to(sockets[0].0.local))
            }
        }
        #expect(descriptors() == before)
    }

    @Test func whatCantBeSentIsRefused() throws {
        let running = try RunningEngine(try Music(lengths: [8001])) { $0.maximumStreams = 1 }
        let socket = try TestSocket()
        func refusal(_ change: (inout StreamParameters) -> Void) -> MediaEngineError? {
            var parameters = StreamParameters.to(socket.local)
            change(&parameters)
            do throws(MediaEngineError) {
                _ = try running.engine.open(parameters)
                return nil
            } catch { return error }
        }
        #expect(refusal { $0.packetTime = 50 } == .packetTime(50))
        #expect(refusal { $0.payloadType = 128 } == .payloadType(128))
        #expect(refusal { $0.source = .live("none") } == .unknownClass("none"))
        #expect(refusal { $0.format = .g722 } == .formatNotPrepared("default", .g722))
        #expect(
            refusal {
                $0.format = .l16At48000
                $0.packetTime = 60
            } == .payloadTooLarge(octets: 5760, limit: 1440))
        #expect(refusal { $0.local = IPAddress(v4: 0) } == .address(IPAddress(v4: 0)))
        let group = IPAddress(v4: 0xe000_0101)
        #expect(refusal { $0.destination = Endpoint(group, port: 4) } == .address(group))
        #expect(refusal { _ in } == nil)
        #expect(refusal { _ in } == .full(limit: 1))
    }
}
