internal import AudioLibrary
internal import Directory
package import Logging
internal import MediaEngine
internal import MusicOnHold
internal import NIOCore
internal import NIOPosix
internal import Playout
internal import Primitives
internal import SIP
internal import UserAgent

/// The whole daemon: the parts, put together, and how they begin, change and end together.
package final class Appliance: Sendable {
    private let configuration: Configuration
    private let logger: Logger
    private let library: AudioLibrary
    private let engine: MediaEngine
    private let group: MultiThreadedEventLoopGroup
    private let agent: UserAgent
    private let music: Loopbound<MusicOnHold>
    private let users: CachedDirectory
    private let mail: MailService
    private let voicemail: VoicemailService
    private let admin: AdminServer?
    private let playing = NowPlaying()
    private let refused = RefusedReload()

    /// Throws when the directories that messages are kept in, or the users, can't be used.
    package init(_ configuration: Configuration, logger: Logger) throws {
        users = try CachedDirectory(configuration.directory, logger: logger)
        mail = try MailService(configuration, logger: logger)
        self.configuration = configuration
        self.logger = logger
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let router = CallRouter()
        let agent = UserAgent(
            UserAgentConfiguration(configuration), application: router, on: loop, log: logger)
        let events = StreamEventRelay()
        let engine = MediaEngine(configuration: configuration.rtp, logger: logger) { event in
            events.deliver(event)
        }
        var random = SystemRandomNumberGenerator()
        let music = MusicOnHold(
            agent: agent, engine: engine, users: users, configuration: configuration.music,
            logger: logger, random: random.next())
        router.music = music
        let mail = mail
        voicemail = try VoicemailService(
            configuration, for: router, agent: agent, engine: engine, spool: mail.spool,
            directory: users, logger: logger, pending: { mail.pending(of: $0) })
        let bound = Loopbound(music, loop)
        events.receiver = { event in bound.execute { $0.noticed(event) } }
        self.agent = agent
        self.engine = engine
        self.music = bound
        library = AudioLibrary(configuration: configuration.audio, logger: logger)
        let state = ApplianceState(
            configuration: configuration, agent: agent, engine: engine, library: library,
            music: bound, users: users, playing: playing, mail: mail,
            voicemail: voicemail, refused: refused)
        admin = configuration.admin.map { AdminServer(on: $0, state: state, logger: logger) }
    }

    /// Returns when phones can call.
    ///
    /// Throws what keeps it from starting, in the words of the part that failed.
    package func start() async throws {
        try engine.start()
        let engine = engine
        let music = music
        let playing = playing
        try library.start { name, playlist in
            // A track is played to its end, unless it isn't the class's own: music that has
            // appeared is heard at once in place of what was played for want of it.
            let wasFallback = playing.note(playlist, of: name)
            let isNews = playlist.interrupts || playlist.fallback != nil || wasFallback
            let change: PlaylistChange = isNews ? .now : .atTrackEnd
            engine.setPlaylist(playlist.playlist, of: ClassID(name), change)
            music.execute { $0.classIsReady(name) }
        }
        // What an earlier life left is finished before the mailer looks, and both before a call.
        try voicemail.start()
        try await mail.start()
        try await admin?.start()
        try await agent.start()
    }

    /// Follows a changed configuration without ending a call.
    /// - Returns: the keys that only a restart applies.
    package func apply(_ changed: Configuration) -> [String] {
        refused.note(nil)
        library.apply(changed.audio)
        music.execute { $0.apply(changed.music) }
        voicemail.apply(changed)
        engine.reload(dscp: changed.rtp.dscp, maximumStreams: changed.rtp.maximumStreams)
        let sip = changed.sip
        agent.execute { agent in
            agent.reload(sip.limits)
            agent.limitSessions(to: sip.maximumCalls)
            agent.setRetryAfter(UInt32(clamping: sip.retryAfter))
            agent.setSessionTimer(SessionTimer.Policy(sip))
        }
        do {
            try mail.apply(changed)
        } catch {
            logger.error("mail goes on under the old configuration: \(error)")
        }
        return configuration.keysThatNeedRestart(changed)
    }

    /// Goes on under the old configuration, and says so.
    package func refuse(_ faults: ConfigurationFaults) {
        refused.note(faults)
        for fault in faults.faults { logger.error("\(fault)") }
        logger.error("the configuration has faults: the old one stays in force")
    }

    /// Tells that it is ready, and from now on that the SIP loop still runs: from the loop itself,
    /// so that one that hangs is noticed.
    package func report(to manager: NotifySocket) {
        manager.ready(status: "ready")
        guard let interval = manager.watchdogInterval else { return }
        let pause = TimeAmount.nanoseconds(interval.nanoseconds)
        agent.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: pause) { [agent] _ in
            manager.watchdog(status: "\(agent.statistics.sessions) calls")
        }
    }

    /// Ends every call with BYE, then everything else.
    package func stop() async {
        voicemail.drain()
        let unanswered = await agent.drain(within: configuration.sip.drain)
        if unanswered > 0 { logger.warning("\(unanswered) calls did not answer our BYE") }
        await voicemail.stop()
        await agent.stop()
        engine.stop()
        library.stop()
        await mail.stop()
        await admin?.stop()
        try? await group.shutdownGracefully()
    }
}

/// Takes the engine's events before there is anybody to receive them.
private final class StreamEventRelay: @unchecked Sendable {
    // `receiver` is set before the engine starts, which is before the first event.
    var receiver: (@Sendable (StreamEvent) -> Void)?

    func deliver(_ event: StreamEvent) { receiver?(event) }
}

/// A value of one event loop, reached from anywhere by going there.
final class Loopbound<Value>: @unchecked Sendable {  // `value` is touched on `loop` only
    private let value: Value
    private let loop: any EventLoop

    init(_ value: Value, _ loop: any EventLoop) {
        self.value = value
        self.loop = loop
    }

    func execute(_ body: @escaping @Sendable (Value) -> Void) {
        loop.execute { body(self.value) }
    }

    /// Goes there and waits for what `body` begins.
    func wait(_ body: @escaping @Sendable (Value) -> EventLoopFuture<Void>) async throws {
        try await loop.flatSubmit { body(self.value) }.get()
    }

    func get<T: Sendable>(_ body: @escaping @Sendable (Value) -> T) async throws -> T {
        try await loop.submit { body(self.value) }.get()
    }
}

extension SessionTimer.Policy {
    fileprivate init(_ configuration: Configuration.SIP) {
        self.init(
            interval: Int(configuration.sessionExpires.seconds),
            minimum: Int(configuration.minimumSessionExpires.seconds))
    }
}

extension UserAgentConfiguration {
    fileprivate init(_ configuration: Configuration) {
        // Which node, and which life of it, made a tag or branch.
        var random = SystemRandomNumberGenerator()
        let epoch = String(UInt32.random(in: 0...UInt32.max, using: &random), radix: 36)
        var core = UserAgentCore.Configuration(
            identity: "\(configuration.node.name)-\(epoch)", points: [])
        core.product = "Intermezzo"
        // What a REFER of ours came to (RFC 3515).
        core.applicationMethods = [.notify]
        core.maximumSessions = configuration.sip.maximumCalls
        core.retryAfter = UInt32(clamping: configuration.sip.retryAfter)
        core.sessionTimer = SessionTimer.Policy(configuration.sip)
        self.init(listen: configuration.sip.listen, core: core)
        limits = configuration.sip.limits
        messageLimits.messageLength = configuration.sip.maximumMessage
        if let anycast = configuration.anycast.address {
            advertised[anycast] = .address(configuration.node.address)
        }
    }
}
