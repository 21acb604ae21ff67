import ArgumentParser
import Foundation
import Glibc
import Logging
import NIOPosix
import Primitives
import SIP
import Softphone

struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Call a SIP address, listen, and say what was heard.",
        discussion: """
            Exits 0 only if the call stood and sound was heard; 1 otherwise. Ctrl-C hangs up.
            """)

    @Argument(help: "Whom to call, such as sip:moh@127.0.0.1.") var uri: String
    @Option(help: "Write what is heard to this WAV file.") var record: String?
    @Option(help: "Hang up so many seconds after the answer. Default: when the other side does.")
    var seconds: Double?
    @Option(
        help: """
            Play this sound file to the other side when it has been heard and falls silent, as after \
            the tone of voicemail; then hang up, unless --seconds says when.
            """)
    var play: String?
    @Option(help: "Play it so many seconds after the answer, whatever is heard.")
    var playAfter: Double?
    @Option(help: "Offer this codec alone: opus, g722, pcmu, pcma or l16.") var codec: String?
    @Option(help: "udp or tcp. Default: as the address says.") var transport: String?
    @Option(help: "Hold the other side so many seconds after the answer, for two seconds.")
    var holdAfter: Double?
    @Option(help: "The address of this host to call from.") var listen: String?
    @Option(help: "As whom to call, such as sip:alice@example.com.") var from: String?
    @Option(help: "Give up when nobody has answered after so many seconds.") var timeout = 32.0
    @Flag(help: "Print the report as JSON.") var json = false
    @Flag(
        name: .shortAndLong, help: "Log every SIP message on standard error; twice with its text.")
    var verbose: Int

    func run() async throws {
        var log = Logger(label: "call", factory: { StreamLogHandler.standardError(label: $0) })
        log.logLevel = verbose == 0 ? .error : verbose == 1 ? .debug : .trace
        let drawsMeter = isatty(STDERR_FILENO) == 1 && verbose == 0
        let call = SoftphoneCall(
            try options(), on: MultiThreadedEventLoopGroup.singleton.next(), log: log
        ) { progress in
            guard drawsMeter else { return }
            let seconds = progress.seconds.formatted(.number.precision(.fractionLength(1)))
            writeError(
                LevelMeter.bar(
                    progress.level,
                    "\(progress.codec)  \(seconds) s\(progress.isHolding ? "  hold" : "")"))
        }
        let signals = [SIGINT, SIGTERM].map { hangUp(call, at: $0) }
        defer { for signal in signals { signal.cancel() } }

        let report: CallReport
        do {
            report = try await call.run()
        } catch {
            writeError("\(error)\n")
            throw ExitCode.failure
        }
        if drawsMeter, report.packets > 0 { writeError("\r\u{1b}[K") }
        let text = json ? try report.json() : report.text
        if !text.isEmpty { print(text) }
        if let failure = report.failure { writeError("call failed: \(failure)\n") }
        guard report.failure == nil, report.heardSound else { throw ExitCode.failure }
    }

    private func options() throws -> CallOptions {
        guard let uri = URI(uri.contains(":") ? uri : "sip:\(uri)"), uri.scheme.isSIP else {
            throw ValidationError("'\(uri)' is no SIP address; write it like sip:moh@127.0.0.1")
        }
        var options = CallOptions(uri: uri)
        if let from {
            guard let address = NameAddress(from) else {
                throw ValidationError("'\(from)' is no SIP address")
            }
            options.from = address
        }
        if let codec {
            guard let known = PhoneCodec(name: codec) else {
                let names = PhoneCodec.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("'\(codec)' is no codec of this phone; it has \(names)")
            }
            options.codecs = [known]
        }
        if let transport {
            switch transport.lowercased() {
            case "udp": options.transport = .udp
            case "tcp": options.transport = .tcp
            default: throw ValidationError("'\(transport)' is no transport; choose udp or tcp")
            }
        }
        if let listen {
            guard let address = IPAddress(listen) else {
                throw ValidationError("'\(listen)' is no IP address")
            }
            options.local = address
        }
        options.duration = try interval(seconds, "--seconds")
        options.holdAfter = try interval(holdAfter, "--hold-after")
        options.answerLimit = try interval(timeout, "--timeout") ?? options.answerLimit
        options.recordingPath = record
        options.playPath = play
        options.playAfter = try playAfter.map { seconds in
            guard seconds >= 0, seconds <= 1e6 else {
                throw ValidationError("--play-after must not be less than 0")
            }
            return .milliseconds(Int(seconds * 1_000))
        }
        return options
    }

    private func interval(_ seconds: Double?, _ name: String) throws -> Interval? {
        guard let seconds else { return nil }
        guard seconds > 0, seconds <= 1e9 else {
            throw ValidationError("\(name) must be more than 0")
        }
        return .milliseconds(Int(seconds * 1_000))
    }

    /// The first signal hangs up, the second ends the program as it would without us.
    private func hangUp(_ call: SoftphoneCall, at number: CInt) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler {
            signal(number, SIG_DFL)
            call.hangUp()
        }
        source.resume()
        return source
    }
}

private func writeError(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
}

extension CallReport {
    fileprivate func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    fileprivate var text: String {
        func rounded(_ value: Double) -> String {
            value.formatted(.number.precision(.fractionLength(1)).grouping(.never))
        }
        var lines: [String] = []
        if let status {
            lines.append("answer     \(status) \(reason ?? "")")
        }
        if let setUpTime { lines.append("set-up     \(rounded(setUpTime)) ms") }
        if packets > 0 {
            lines.append("codec      \(codec ?? "?"), \(packetTime ?? 0) ms a packet")
            lines.append(
                "received   \(packets) packets in \(rounded(duration)) s, \(lost) lost, "
                    + "\(duplicates) twice, \(late) late")
            lines.append(
                "jitter     \(rounded(jitter)) ms, longest gap \(rounded(longestGap)) ms")
        } else if status == 200 {
            lines.append("received   nothing")
        }
        if let firstPacketAfter {
            lines.append("first RTP  \(rounded(firstPacketAfter)) ms after the answer")
        }
        if let packetsDuringHold {
            lines.append("hold       \(packetsDuringHold) packets came during it")
        }
        if let resumedAfter { lines.append("resumed    after \(rounded(resumedAfter)) ms") }
        if packets > 0 {
            lines.append(
                heardSound
                    ? "heard      \(rounded(soundSeconds)) s of sound at \(rounded(level)) dBFS"
                    : "heard      silence")
        }
        if let recording { lines.append("recording  \(recording)") }
        return lines.joined(separator: "\n")
    }
}
