package import Logging
package import Mail
package import Primitives
package import Spool

/// Delivers what is in the spool's queue, from its own threads.
///
/// Other processes may put messages there, take them away and touch them meanwhile: it watches the
/// directory.
package final class Mailer: Sendable {
    private let spool: Spool
    private let logger: Logger
    private let counts = Monitor(MailerCounts())
    private let run = Monitor<MailerRun?>(nil)

    package init(spool: Spool, logger: Logger) {
        self.spool = spool
        self.logger = logger
    }

    /// Begins, or goes on with other settings: deliveries under way are finished under the old ones.
    ///
    /// Throws when the queue's directory can't be watched; the old settings stay in force then.
    package func start(_ settings: MailerSettings, composer: MailComposer) throws(SpoolError) {
        let next = try MailerRun(
            DeliveryContext(
                spool: spool, settings: settings, composer: composer, logger: logger,
                counts: counts))
        let old = run.with { run in
            let old = run
            run = next
            return old
        }
        old?.end()
        next.begin()
    }

    /// Ends when the deliveries under way are over, or at `limit` at the latest: what isn't
    /// finished then is tried again at the next start.
    package func stop(within limit: Interval = .seconds(10)) {
        let old = run.with { run in
            let old = run
            run = nil
            return old
        }
        old?.end()
        old?.join(within: limit)
    }

    /// Messages of one user that wait to be delivered.
    package func pending(of user: String) -> Int { run.with { $0 }?.pending(of: user) ?? 0 }

    package var statistics: MailerStatistics {
        var statistics = run.with { $0 }?.statistics ?? MailerStatistics()
        statistics.counts = counts.with { $0 }
        return statistics
    }
}
