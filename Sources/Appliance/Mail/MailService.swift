internal import Logging
internal import Mail
internal import Mailer
internal import Primitives
internal import Spool

/// The spool and its mailer as a part of the daemon.
final class MailService: Sendable {
    private let configuration: Configuration
    private let logger: Logger
    private let mailer: Mailer
    let spool: Spool
    private let lock: SpoolLock
    private let links: LinkServer?

    /// Throws when the spool's directory can't be made or used, or is used by another, or the key of
    /// links can't be had.
    init(_ configuration: Configuration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        spool = try Spool(directory: configuration.voicemail.spool)
        lock = try spool.occupy()
        mailer = Mailer(spool: spool, logger: logger)
        if let link = configuration.voicemail.link, let endpoint = link.listen {
            links = LinkServer(
                on: endpoint, spool: spool, signer: try LinkSigner(link, spool), logger: logger)
        } else {
            links = nil
        }
    }

    /// Messages of one user that wait to be delivered.
    func pending(of user: String) -> Int { mailer.pending(of: user) }

    /// Begins to deliver, and to serve links; the spool is in order by then.
    func start() async throws {
        try apply(configuration)
        try await links?.start()
    }

    /// Throws when a template or a key can't be used, and goes on as before.
    func apply(_ configuration: Configuration) throws {
        var settings = MailerSettings(configuration)
        settings.links = try configuration.voicemail.link.map { link throws(LinkKeyError) in
            try LinkSigner(link, spool)
        }
        try mailer.start(settings, composer: MailComposer(try MailSettings(configuration)))
        if let signer = settings.links { links?.apply(signer) }
    }

    /// Waits for the deliveries under way, for 10 seconds at most.
    func stop() async {
        mailer.stop()
        await links?.stop()
    }

    func state(_ configuration: Configuration) -> MailState {
        MailState(
            mailer: mailer.statistics,
            isBelowReserve: spool.isBelow(reserve: configuration.voicemail.reserve))
    }
}

/// What the spool and its mailer say of themselves.
struct MailState: Sendable {
    var mailer: MailerStatistics
    /// The disk has less free than `voicemail.reserve`.
    var isBelowReserve: Bool

    /// What an operator should look at.
    var alarms: [String] {
        var alarms: [String] = []
        if isBelowReserve { alarms.append("the spool's disk is below voicemail.reserve") }
        if mailer.isLate, let oldest = mailer.oldest {
            alarms.append(
                "the oldest undelivered message has waited \(Int(oldest.seconds / 60)) minutes")
        }
        alarms += mailer.closedRelays.map { "mail relay \($0) can't be used" }
        return alarms
    }
}
