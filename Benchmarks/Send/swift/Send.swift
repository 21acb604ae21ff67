import Glibc
import Logging
import MediaEngine
import Playout
import Primitives

/// The whole engine sending one class to many: `send STREAMS SECONDS CODEC LOCAL NETWORK`.
///
/// Prints CPU nanoseconds of the process per packet, all its threads and RTCP included, and by how
/// much memory it has grown per stream. Streams go
/// to addresses that count up from NETWORK, one port. A further argument is the number of sending
/// threads, else 1; one more, "ring", has them sent by a packet ring.
@main
struct Send {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 6, let streams = Int(arguments[1]),
            let seconds = Int(arguments[2]),
            let format = MediaFormat.allCases.first(where: { "\($0)" == arguments[3] }),
            let local = IPAddress(arguments[4]), let network = IPAddress(arguments[5])?.v4
        else {
            print("usage: send STREAMS SECONDS CODEC LOCAL NETWORK")
            exit(64)
        }
        var configuration = MediaEngineConfiguration()
        configuration.threads = arguments.count > 6 ? Int(arguments[6]) : 1
        configuration.maximumStreams = streams
        configuration.usesPacketRing = arguments.count > 7 && arguments[7] == "ring"
        let engine = MediaEngine(
            configuration: configuration,
            logger: Logger(label: "send", factory: { StreamLogHandler.standardError(label: $0) })
        ) { _ in }
        try engine.start()
        engine.setPlaylist(try playlist(format), of: "default")
        let memory = residentOctets()
        for i in 0..<streams {
            _ = try engine.open(
                StreamParameters(
                    source: .live("default"), format: format, payloadType: 0,
                    destination: Endpoint(
                        IPAddress(v4: network &+ UInt32(truncatingIfNeeded: i)), port: 4000),
                    local: local))
        }
        usleep(1_500_000)
        let memoryPerStream = (residentOctets() - memory) / streams
        let before = now(CLOCK_PROCESS_CPUTIME_ID)
        let begin = now(CLOCK_MONOTONIC)
        let packets = sent(engine)
        usleep(UInt32(seconds) * 1_000_000)
        let cpu = now(CLOCK_PROCESS_CPUTIME_ID) - before
        let wall = now(CLOCK_MONOTONIC) - begin
        let counted = sent(engine) - packets
        let statistics = engine.statistics
        // The count is published ten times a second; the rate is exact.
        let exact = wall / 1e9 * 50 * Double(streams)
        let problem = engine.health.realTimeProblem
        print(
            "{\"sender\": \"intermezzo\", \"codec\": \"\(format)\", \"streams\": \(streams), "
                + "\"cpuNanoseconds\": \(cpu / exact), \"cpuShare\": \(cpu / wall), "
                + "\"packets\": \(counted), \"expected\": \(Int(exact)), "
                + "\"residentOctetsPerStream\": \(memoryPerStream), "
                + "\"rtcp\": \(statistics.rtcpSent), \"errors\": \(statistics.sendErrors), "
                + "\"realTime\": \(problem == nil), "
                + "\"byRing\": \(statistics.ringPackets), "
                + "\"ringProblem\": \"\(engine.health.ringProblem ?? "")\"}")
        fflush(nil)
        // Without goodbye to thousands, which would be measured as the next run's disturbance.
        _exit(0)
    }

    static func sent(_ engine: MediaEngine) -> UInt64 {
        engine.statistics.traffic.values.reduce(0) { $0 + $1.packets }
    }

    static func residentOctets() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let words = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }

    static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// Three tracks of some seconds; what is in them costs nothing to send.
    static func playlist(_ format: MediaFormat) throws -> Playlist {
        let lengths = [31_237, 47_001, 40_019].map { MediaTime(ticks: $0) }
        let tracks = lengths.map { length in
            let units = Int((length.ticks + format.unit.ticks - 1) / format.unit.ticks)
            let memory = UnsafeMutableRawPointer.allocate(
                byteCount: units * format.octetsPerUnit, alignment: 64)
            memset(memory, 0x55, units * format.octetsPerUnit)
            return Rendition(format: format, length: length, base: memory) {}
        }
        guard let programme = Programme(lengths: lengths, order: .shuffle(seed: 1)),
            let playlist = Playlist(programme: programme, renditions: [format: tracks])
        else { throw MediaEngineError.notRunning }
        return playlist
    }
}
