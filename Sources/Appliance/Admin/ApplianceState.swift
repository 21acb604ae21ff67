internal import AudioLibrary
internal import Directory
import Foundation
internal import MediaEngine
internal import MusicOnHold
internal import NIOCore
internal import Playout
internal import Primitives
internal import UserAgent
internal import Voicemail

/// What the parts say of themselves, gathered for whoever asks.
struct ApplianceState: Sendable {
    let configuration: Configuration
    let agent: UserAgent
    let engine: MediaEngine
    let library: AudioLibrary
    let music: Loopbound<MusicOnHold>
    let users: CachedDirectory
    let playing: NowPlaying
    let mail: MailService
    let voicemail: VoicemailService
    let refused: RefusedReload

    /// Everything at one moment.
    struct Snapshot: Sendable {
        var sip: UserAgentStatistics
        var media: MediaEngineStatistics
        var music: MusicOnHoldStatistics
        var users: CachedDirectory.Statistics
        var listeners: [String: Int]
        var playing: [String: NowPlaying.Moment]
        var classes: [ClassReport]
        var files: [FileReport]
        var mail: MailState
        var voicemail: VoicemailStatistics
        /// Messages that are being left now.
        var callers: Int
        var health: Health
    }

    func snapshot() async throws -> Snapshot {
        let agent = agent
        let sip = try await agent.eventLoop.submit { agent.statistics }.get()
        let (statistics, listeners) = try await music.get { ($0.statistics, $0.listeners) }
        let (classes, files) = (library.classes, library.files)
        let mail = mail.state(configuration)
        let (messages, callers) = try await voicemail.application.get {
            ($0.statistics, $0.callCount)
        }
        let wall = Int64(Date().timeIntervalSince1970 * 1e9)
        var playing: [String: NowPlaying.Moment] = [:]
        for report in classes {
            playing[report.name] = self.playing.moment(of: report.name, atNanoseconds: wall)
        }
        return Snapshot(
            sip: sip, media: engine.statistics, music: statistics, users: users.statistics,
            listeners: listeners, playing: playing, classes: classes, files: files,
            mail: mail, voicemail: messages, callers: callers,
            health: Health(
                engine: engine.health, classes: classes, files: files, mail: mail,
                isDirectoryAway: users.isAway, descriptors: DescriptorLimit().alarm(configuration),
                refusedReload: refused.alarm))
    }
}

/// Whether the appliance does its work, and what an operator should look at.
struct Health: Sendable, Equatable, Codable {
    /// What keeps it from working at all.
    var failures: [String]
    /// What it works around.
    var alarms: [String]

    var isHealthy: Bool { failures.isEmpty }

    init(
        engine: MediaEngineHealth, classes: [ClassReport], files: [FileReport], mail: MailState,
        isDirectoryAway: Bool, descriptors: String?, refusedReload: String?
    ) {
        failures = engine.isRunning ? [] : ["the media engine is not running"]
        alarms = [
            engine.realTimeProblem, engine.memoryProblem, engine.ringProblem, descriptors,
            refusedReload,
        ].compactMap(\.self)
        if isDirectoryAway { alarms.append("the directory of users does not answer") }
        // What was known plays on, so that no class complains.
        for case .broken(let reason) in files.filter({ $0.path == "." }).map(\.state) {
            alarms.append("media.directory: \(reason); what played goes on, nothing new is seen")
        }
        for report in classes {
            if let fallback = report.fallback, fallback.isAlarm {
                alarms.append("class \(report.name): \(fallback)")
            }
            if let source = report.source, source.state == .failed {
                let why = source.lastFailure ?? "it ended"
                alarms.append("class \(report.name): its live source fails: \(why)")
            }
        }
        alarms += mail.alarms
    }
}
