internal import Directory
import Foundation
internal import IVR
internal import Logging
internal import MediaEngine
internal import MusicOnHold
internal import NIOCore
internal import Playout
internal import Primitives
internal import SIP
internal import Spool
internal import UserAgent
internal import Voicemail

/// Voicemail with its media, put together.
struct VoicemailService: Sendable {
    let application: Loopbound<Voicemail>
    private let media: InteractiveMedia
    private let spool: Spool
    private let logger: Logger

    private let minimumLength: Interval

    /// - Parameter pending: how many undelivered messages a user has.
    init(
        _ configuration: Configuration, for router: CallRouter, agent: UserAgent,
        engine: MediaEngine, spool: Spool, directory: any UserDirectory, logger: Logger,
        pending: @escaping @Sendable (String) -> Int
    ) throws(MediaEngineError) {
        let events = MediaEventRelay()
        let media = try InteractiveMedia(.init(configuration), logger: logger) { id, event in
            events.deliver(id, event)
        }
        var random = SystemRandomNumberGenerator()
        let application = Voicemail(
            agent: agent, media: media, spool: spool, directory: directory,
            configuration: VoicemailConfiguration(configuration), logger: logger, pending: pending,
            packetTimes: engine.packetTimes(of:), random: random.next())
        router.voicemail = application
        minimumLength = configuration.voicemail.minimumLength
        self.application = Loopbound(application, agent.eventLoop)
        self.media = media
        self.spool = spool
        self.logger = logger
        let bound = self.application
        events.receiver = { id, event in bound.execute { $0.noticed(id, event) } }
    }

    /// Finishes what an earlier life of the process left, then is ready for calls.
    func start() throws {
        let trace = Trace(spool)
        let minimumLength = minimumLength
        let found = try spool.recover { envelope, path in
            guard let file = RecordedMessage.verdict(ofFile: "\(path)/\(Spool.audioFile)") else {
                return .queue
            }
            envelope.sampleRate = file.rate
            envelope.speechBegin = file.verdict.speech.lowerBound
            envelope.speechEnd = file.verdict.speech.upperBound
            // What was cut off can't be asked for again: in doubt it is mailed.
            var verdict = file.verdict
            if verdict.kind != .silence { verdict.kind = .speech }
            let obstacle = MessageRule.obstacle(
                to: verdict, rate: file.rate, minimumLength: minimumLength)
            return obstacle.map { .discard(reason: $0) } ?? .queue
        }
        for recovery in found {
            switch recovery {
            case .queued(let id):
                logger.notice("a message that was cut off is in the queue", metadata: .of(id))
                trace.add(TraceEvent(.recovered, id, text: "cut off; queued"))
            case .discarded(let id, let reason):
                logger.notice("a call that was cut off left nothing: \(reason)", metadata: .of(id))
                trace.add(TraceEvent(.recovered, id, text: "cut off; not mailed: \(reason)"))
            case .setAside(let name, let cause):
                logger.error("\(name) in the spool is set aside in failed/: \(cause)")
            case .removed(let name):
                logger.notice("\(name) in the spool was empty and is removed")
            }
        }
        try media.start()
    }

    func apply(_ configuration: Configuration) {
        application.execute { $0.apply(VoicemailConfiguration(configuration)) }
    }

    func drain() { application.execute { $0.drain() } }

    /// Returns when every message is in the queue. The calls have ended before.
    func stop() async {
        let media = media
        // It waits for its threads, and they for the disk.
        await withCheckedContinuation { continuation in
            let thread = Thread {
                media.stop()
                continuation.resume()
            }
            thread.start()
        }
        try? await application.wait { $0.finish() }
    }
}

extension Logger.Metadata {
    fileprivate static func of(_ id: MessageIdentifier) -> Logger.Metadata {
        ["message-id": "\(id)"]
    }
}

/// Takes the media's events before there is anybody to receive them.
private final class MediaEventRelay: @unchecked Sendable {
    // `receiver` is set before the media start, which is before the first event.
    var receiver: (@Sendable (MediaSessionID, MediaSessionEvent) -> Void)?

    func deliver(_ id: MediaSessionID, _ event: MediaSessionEvent) { receiver?(id, event) }
}

extension InteractiveMediaConfiguration {
    init(_ configuration: Configuration) {
        self.init()
        ports = configuration.rtp.ports
        dscp = configuration.rtp.dscp
        cname = configuration.rtp.cname
        maximumSessions = configuration.voicemail.maximumRecordings
    }
}

extension VoicemailConfiguration {
    init(_ configuration: Configuration) {
        self.init()
        let voicemail = configuration.voicemail
        site = configuration.site
        node = configuration.node.name
        domain = configuration.domain
        files = PromptFiles(prompts: voicemail.prompts, greetings: voicemail.greetings)
        language = voicemail.language
        timeZone = TimeZone.current.identifier
        attachment = voicemail.attachment
        sendsMissedCallMail = voicemail.sendsMissedCallMail
        format =
            switch voicemail.format {
            case .wav: .wav
            case .flac: .flac
            case .mp3: .mp3
            case .opus: .opus
            case .g711: .g711
            }
        maximumLength = voicemail.maximumLength
        minimumLength = voicemail.minimumLength
        maximumSilence = voicemail.maximumSilence
        fullResponse = voicemail.fullResponse == 486 ? .busyHere : .temporarilyUnavailable
        historyEntry = voicemail.historyEntry == .first ? .first : .last
        self.operator = voicemail.operator.flatMap { URI($0) }
        reserve = voicemail.reserve
        mailboxMessages = voicemail.mailboxMessages
        let music = configuration.music
        formats = music.formats.filter { $0 != .opusStereo }
        addresses = music.addresses
        allowedNetworks = music.allowedNetworks
        symmetricNetworks = music.symmetricNetworks
        trustedNetworks = configuration.sip.trustedNetworks
        retryAfter = configuration.sip.retryAfter
    }
}
