import Foundation
import Glibc
import IVR
import Logging
import Playout
import Primitives
import RTP
import Synchronization
import Testing

/// Sessions with real sockets on the loopback.
@Suite struct InteractiveMediaTests {
    /// What a test's phone sends and hears.
    private final class Peer {
        let descriptor: Int32
        let endpoint: Endpoint

        init() throws {
            descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let fd = descriptor
            let bound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(fd, $0, length) == 0 && getsockname(fd, $0, &length) == 0
                }
            }
            try #require(bound)
            endpoint = Endpoint(.loopbackV4, port: UInt16(bigEndian: address.sin_port))
            var limit = timeval(tv_sec: 5, tv_usec: 0)
            setsockopt(
                fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }

        deinit { close(descriptor) }

        func send(_ datagram: [UInt8], to port: UInt16) {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            address.sin_port = port.bigEndian
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = sendto(
                        descriptor, datagram, datagram.count, 0, $0,
                        socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }

        func receive() throws -> BufferedPacket {
            var buffer = [UInt8](repeating: 0, count: 2048)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            try #require(count > 0)
            return try BufferedPacket(parsing: Array(buffer.prefix(count)))
        }
    }

    /// Events in order, waited for.
    private final class Events: Sendable {
        private let stream: AsyncStream<MediaSessionEvent>
        let put: AsyncStream<MediaSessionEvent>.Continuation

        init() { (stream, put) = AsyncStream.makeStream() }

        /// The next that `wanted` takes.
        func next<T: Sendable>(_ wanted: @Sendable (MediaSessionEvent) -> T?) async throws -> T {
            for await event in stream {
                if let found = wanted(event) { return found }
            }
            throw Ended()
        }

        struct Ended: Error {}
    }

    private struct Bench {
        let media: InteractiveMedia
        let events: Events
        let opened: InteractiveMedia.Opened
        let peer: Peer
        let directory: URL

        func end() {
            media.stop()
            try? FileManager.default.removeItem(at: directory)
        }
    }

    private func bench() throws -> Bench {
        let events = Events()
        let media = try InteractiveMedia(.init(), logger: Logger(label: "test")) {
            events.put.yield($1)
        }
        try media.start()
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return Bench(
            media: media, events: events, opened: try media.open(on: .loopbackV4), peer: try Peer(),
            directory: directory)
    }

    private func parameters(_ peer: Peer) -> MediaSessionParameters {
        MediaSessionParameters(
            format: .pcmu, payloadType: 0, receivable: [0: .pcmu], telephoneEvents: [101],
            remote: peer.endpoint)
    }

    /// A second of 400 Hz in PCMU, packet by packet.
    private func tone(_ packets: Int, from number: UInt16 = 0, timestamp: UInt32 = 0) -> [[UInt8]] {
        (0..<packets).map { n in
            var datagram: [UInt8] = []
            RTPHeader(
                payloadType: 0, sequenceNumber: SequenceNumber(number &+ UInt16(n)),
                timestamp: timestamp &+ UInt32(160 * n), ssrc: 7, payloadCount: 160
            ).serialise(into: &datagram)
            for i in 0..<160 {
                let phase = 2 * Double.pi * 400 * Double(160 * n + i) / 8000
                datagram.append(muLaw(Int16(8000 * sin(phase))))
            }
            return datagram
        }
    }

    private func muLaw(_ sample: Int16) -> UInt8 {
        var magnitude = min(Int(sample.magnitude) + 132, 32635)
        let sign: UInt8 = sample < 0 ? 0x80 : 0
        var segment: UInt8 = 7
        var mask = 0x4000
        while magnitude & mask == 0 && segment > 0 {
            segment -= 1
            mask >>= 1
        }
        magnitude = (magnitude >> (Int(segment) + 3)) & 15
        return ~(sign | segment << 4 | UInt8(magnitude))
    }

    @Test func aPhraseIsHeardAndItsEndIsTold() async throws {
        let bench = try bench()
        defer { bench.end() }
        bench.media.set(bench.opened.id, parameters(bench.peer))
        bench.media.play(
            bench.opened.id, [.tone(frequency: 1000, milliseconds: 200, level: -10)])
        var loud = 0
        var last: RTPHeader?
        for _ in 0..<25 {
            let packet = try bench.peer.receive()
            #expect(packet.payload.count == 160)
            if let last {
                #expect(last.sequenceNumber.distance(to: packet.header.sequenceNumber) == 1)
                #expect(packet.header.timestamp == last.timestamp &+ 160)
            } else {
                #expect(packet.header.marker)
            }
            last = packet.header
            // µ-law of what is louder than 1/30 of full scale.
            if packet.payload.contains(where: { $0 & 0x7f < 0x40 }) { loud += 1 }
        }
        #expect(loud >= 9 && loud <= 11)
        let played: Bool = try await bench.events.next { $0 == .played ? true : nil }
        #expect(played)
    }

    @Test func whatIsSaidIsOnDisk() async throws {
        let bench = try bench()
        defer { bench.end() }
        bench.media.set(bench.opened.id, parameters(bench.peer))
        let path = bench.directory.appending(path: "audio.au").path()
        bench.media.record(
            bench.opened.id,
            RecordingParameters(
                path: path, maximumLength: .seconds(60), maximumSilence: .seconds(10)))
        // The session has its parameters when it sends.
        _ = try bench.peer.receive()
        var packets = tone(50)
        packets.swapAt(10, 11)
        packets.insert(packets[20], at: 21)
        for packet in packets { bench.peer.send(packet, to: bench.opened.rtp.port) }
        bench.media.stopRecording(bench.opened.id)
        let summary = try await bench.events.next { event in
            if case .recorded(let summary) = event { summary } else { nil }
        }
        #expect(summary.ending == .stopped)
        #expect(summary.samples == 8000)
        #expect(summary.sampleRate == 8000)
        let data = try Data(contentsOf: URL(filePath: path))
        #expect(data.count == 24 + 16000)
        #expect(data.prefix(8) == Data([0x2e, 0x73, 0x6e, 0x64, 0, 0, 0, 24]))
        // It is the tone: the same again after 20 samples, the opposite after 10.
        let sound = (0..<8000).map { i in
            Int(Int16(bitPattern: UInt16(data[24 + 2 * i]) << 8 | UInt16(data[25 + 2 * i])))
        }
        for i in stride(from: 0, to: 7900, by: 7) {
            #expect(abs(sound[i] - sound[i + 20]) < 400)
            #expect(abs(sound[i] + sound[i + 10]) < 400)
        }
    }

    @Test func silenceThatIsNotSentIsAsLongAsItWas() async throws {
        let bench = try bench()
        defer { bench.end() }
        bench.media.set(bench.opened.id, parameters(bench.peer))
        let path = bench.directory.appending(path: "audio.au").path()
        bench.media.record(
            bench.opened.id,
            RecordingParameters(
                path: path, maximumLength: .seconds(60), maximumSilence: .seconds(10)))
        _ = try bench.peer.receive()
        // Half a second of sound, half a second that is not sent (case G10), sound again.
        for packet in tone(25) { bench.peer.send(packet, to: bench.opened.rtp.port) }
        for packet in tone(25, from: 25, timestamp: 8000) {
            bench.peer.send(packet, to: bench.opened.rtp.port)
        }
        bench.media.stopRecording(bench.opened.id)
        let summary = try await bench.events.next { event in
            if case .recorded(let summary) = event { summary } else { nil }
        }
        #expect(summary.samples == 12000)
    }

    @Test func eachKeyIsToldOnce() async throws {
        let bench = try bench()
        defer { bench.end() }
        bench.media.set(bench.opened.id, parameters(bench.peer))
        _ = try bench.peer.receive()
        for (n, key) in ["5", "5", "#"].enumerated() {
            let event = try #require(TelephoneEvent(digit: Character(key)))
            // The first packet is lost; the end comes three times.
            for (i, isEnd) in [false, true, true, true].enumerated() {
                var datagram: [UInt8] = []
                RTPHeader(
                    payloadType: 101, sequenceNumber: SequenceNumber(UInt16(10 * n + i)),
                    timestamp: UInt32(8000 * n), ssrc: 7, payloadCount: 4
                ).serialise(into: &datagram)
                datagram += event.payload(duration: UInt16(320 * (i + 1)), isEnd: isEnd)
                bench.peer.send(datagram, to: bench.opened.rtp.port)
            }
        }
        var keys = ""
        while keys.count < 3 {
            keys.append(
                try await bench.events.next { if case .key(let key) = $0 { key } else { nil } })
        }
        #expect(keys == "55#")
    }

    @Test func aFullDiskEndsTheRecordingAndNothingElse() async throws {
        let bench = try bench()
        defer { bench.end() }
        bench.media.set(bench.opened.id, parameters(bench.peer))
        bench.media.record(
            bench.opened.id,
            RecordingParameters(
                path: "/dev/full", maximumLength: .seconds(60), maximumSilence: .seconds(10)))
        let summary = try await bench.events.next { event in
            if case .recorded(let summary) = event { summary } else { nil }
        }
        guard case .failed(let cause) = summary.ending else {
            Issue.record("\(summary.ending)")
            return
        }
        #expect(cause.contains("No space left"))
        _ = try bench.peer.receive()
    }

    /// Case G39: what fits is kept, the other call goes on.
    @Test(.enabled(if: geteuid() == 0, "mounting a file system needs root"))
    func whatFitsOnAFullDiskIsKept() async throws {
        let bench = try bench()
        defer { bench.end() }
        let small = bench.directory.appending(path: "small").path()
        try FileManager.default.createDirectory(
            atPath: small, withIntermediateDirectories: true)
        try #require(mount("tmpfs", small, "tmpfs", 0, "size=64k") == 0)
        defer { umount2(small, Int32(MNT_DETACH)) }
        let other = try bench.media.open(on: .loopbackV4)
        let otherPath = bench.directory.appending(path: "other.au").path()
        for (id, path) in [(bench.opened.id, "\(small)/audio.au"), (other.id, otherPath)] {
            bench.media.set(id, parameters(bench.peer))
            bench.media.record(
                id,
                RecordingParameters(
                    path: path, maximumLength: .seconds(60), maximumSilence: .seconds(30)))
            _ = try bench.peer.receive()
        }
        // Ten seconds are 160 kB; the virtual clock of the sender is far ahead of ours.
        for packet in tone(500) {
            bench.peer.send(packet, to: bench.opened.rtp.port)
            bench.peer.send(packet, to: other.rtp.port)
            usleep(1000)
        }
        let failed = try await bench.events.next { event in
            if case .recorded(let summary) = event { summary } else { nil }
        }
        guard case .failed(let cause) = failed.ending else {
            Issue.record("\(failed.ending)")
            return
        }
        #expect(cause.contains("No space left"))
        let size = try Data(contentsOf: URL(filePath: "\(small)/audio.au")).count
        #expect(size == 24 + 2 * failed.samples)
        #expect(failed.samples > 20_000)
        bench.media.stopRecording(other.id)
        let whole = try await bench.events.next { event in
            if case .recorded(let summary) = event { summary } else { nil }
        }
        #expect(whole.ending == .stopped)
        #expect(whole.samples == 500 * 160)
    }

    @Test func aDirectoryThatIsNotThereIsSaid() async throws {
        let bench = try bench()
        defer { bench.end() }
        bench.media.set(bench.opened.id, parameters(bench.peer))
        bench.media.record(
            bench.opened.id,
            RecordingParameters(
                path: "/nowhere/audio.au", maximumLength: .seconds(60),
                maximumSilence: .seconds(10)))
        bench.media.stopRecording(bench.opened.id)
        let summary = try await bench.events.next { event in
            if case .recorded(let summary) = event { summary } else { nil }
        }
        #expect(summary.samples == 0)
        #expect(summary.ending == .failed("making /nowhere/audio.au: No such file or directory"))
    }

    /// Whenever the process dies, all but the last moment is in a file that plays.
    @Test func whatIsOnDiskGrowsAndPlaysAtAnyTime() async throws {
        let bench = try bench()
        defer { bench.end() }
        bench.media.set(bench.opened.id, parameters(bench.peer))
        let path = bench.directory.appending(path: "audio.au").path()
        bench.media.record(
            bench.opened.id,
            RecordingParameters(
                path: path, maximumLength: .seconds(600), maximumSilence: .seconds(600)))
        _ = try bench.peer.receive()
        let packets = tone(100)
        for part in 0..<4 {
            for packet in packets[(25 * part)..<(25 * part + 25)] {
                bench.peer.send(packet, to: bench.opened.rtp.port)
            }
            // A fifth of a second may be kept back.
            let expected = 24 + 2 * (160 * 25 * (part + 1) - 1600)
            var data = Data()
            let giveUp = ContinuousClock.now + .seconds(10)
            while data.count < expected, ContinuousClock.now < giveUp {
                try await Task.sleep(for: .milliseconds(10))
                data = (try? Data(contentsOf: URL(filePath: path))) ?? Data()
            }
            #expect(data.count >= expected)
            // As after kill -9, the last write torn: an odd number of octets.
            let torn = bench.directory.appending(path: "torn.au").path()
            try data.prefix(data.count - 1).write(to: URL(filePath: torn))
            #expect(try decoded(torn) == (data.count - 24) / 2 - 1)
        }
        bench.media.stopRecording(bench.opened.id)
        let summary = try await bench.events.next { event in
            if case .recorded(let summary) = event { summary } else { nil }
        }
        #expect(summary.samples == 16_000)
        #expect(try decoded(path) == 16_000)
    }

    /// Samples that ffmpeg finds in a file.
    private func decoded(_ path: String) throws -> Int {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/ffmpeg")
        process.arguments = ["-v", "error", "-i", path, "-f", "s16le", "-"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return data.count / 2
    }

    @Test func anUnprovenDestinationGetsAFewPacketsOnly() async throws {
        let bench = try bench()
        defer { bench.end() }
        var parameters = parameters(bench.peer)
        parameters.unprovenPackets = 3
        bench.media.set(bench.opened.id, parameters)
        for _ in 0..<3 { _ = try bench.peer.receive() }
        var limit = timeval(tv_sec: 0, tv_usec: 300_000)
        setsockopt(
            bench.peer.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit,
            socklen_t(MemoryLayout<timeval>.size))
        var octet: UInt8 = 0
        #expect(recv(bench.peer.descriptor, &octet, 1, 0) < 0)
        bench.peer.send(tone(1)[0], to: bench.opened.rtp.port)
        let proved: Bool = try await bench.events.next { $0 == .proved ? true : nil }
        #expect(proved)
        _ = try bench.peer.receive()
    }
}
