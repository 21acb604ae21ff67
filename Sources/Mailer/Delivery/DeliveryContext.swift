internal import Logging
internal import Mail
internal import Primitives
internal import Spool

/// What all deliveries under one configuration share.
final class DeliveryContext: Sendable {
    let spool: Spool
    let trace: Trace
    let settings: MailerSettings
    let composer: MailComposer
    let secrets = Secrets()
    let logger: Logger
    /// Counts go on over changes of the configuration.
    private let counts: Monitor<MailerCounts>
    private let sizeLimits = Monitor<[Int: Int]>([:])

    init(
        spool: Spool, settings: MailerSettings, composer: MailComposer, logger: Logger,
        counts: Monitor<MailerCounts>
    ) {
        self.spool = spool
        trace = Trace(spool)
        self.settings = settings
        self.composer = composer
        self.logger = logger
        self.counts = counts
    }

    /// Octets of the largest mail that a relay said it takes.
    func sizeLimit(of relay: Int) -> Int? { sizeLimits.with { $0[relay] } }

    func learn(_ limit: Int, of relay: Int) { sizeLimits.with { $0[relay] = limit } }

    /// Whether what was said is to be written down before the first delivery.
    func wantsTranscript(_ message: borrowing DirectoryHandle) -> Bool {
        settings.transcription != nil && !spool.isMissedCall(message)
            && (message.size(of: Spool.audioFile) ?? 0) > 0
            && message.size(of: Spool.deliveryFile) == nil
            && message.size(of: Spool.transcriptFile) == nil
    }

    func count(_ change: (inout MailerCounts) -> Void) { counts.with(change) }
}
