import Foundation
import IVR
import Logging
import Playout
import Primitives
import Synchronization

// Records many calls at once: `recordings COUNT SECONDS SENDER DIRECTORY`. Prints one line of JSON.
let arguments = CommandLine.arguments
let count = Int(arguments[1]) ?? 500
let seconds = Int(arguments[2]) ?? 20
let directory = arguments[4]

let samples = Atomic(0)
let closed = Atomic(0)
let failures = Atomic(0)
var configuration = InteractiveMediaConfiguration()
configuration.maximumSessions = count
let media = try InteractiveMedia(configuration, logger: Logger(label: "recordings")) { _, event in
    guard case .recorded(let summary) = event else { return }
    samples.add(summary.samples, ordering: .relaxed)
    if case .failed = summary.ending { failures.add(1, ordering: .relaxed) }
    closed.add(1, ordering: .relaxed)
}
try media.start()
var sessions: [InteractiveMedia.Opened] = []
for n in 0..<count {
    let opened = try media.open(on: .loopbackV4)
    var parameters = MediaSessionParameters(
        format: .pcmu, payloadType: 0, receivable: [0: .pcmu], telephoneEvents: [101])
    parameters.isSending = false
    media.set(opened.id, parameters)
    media.record(
        opened.id,
        RecordingParameters(
            path: "\(directory)/\(n).au", maximumLength: .seconds(3600),
            maximumSilence: .seconds(3600)))
    sessions.append(opened)
}

func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func value(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return value(usage.ru_utime) + value(usage.ru_stime)
}

let before = processorSeconds()
let sender = Process()
sender.executableURL = URL(filePath: arguments[3])
sender.arguments = ["\(seconds)"] + sessions.map { "\($0.rtp.port)" }
let output = Pipe()
sender.standardOutput = output
try sender.run()
let sent = Int(
    String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
sender.waitUntilExit()
let used = processorSeconds() - before
for session in sessions { media.close(session.id) }
media.stop()
let drops = try String(contentsOfFile: "/proc/net/udp", encoding: .utf8).split(separator: "\n")
    .dropFirst().compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
print(
    """
    {"recordings": \(closed.load(ordering: .relaxed)), "failures": \(failures.load(ordering: .relaxed)), \
    "sent": \(sent), "recorded": \(samples.load(ordering: .relaxed) / 160), "drops": \(drops), \
    "cpu": \(used), "seconds": \(seconds)}
    """)
