internal import Foundation
internal import Logging
internal import Primitives
internal import Spool

/// The mailer's threads under one configuration: workers that deliver, and one that watches the
/// queue's directory.
final class MailerRun: Sendable {
    private struct State {
        var queue: DeliveryQueue
        var threads = 0
        var isEnding = false
    }

    private let context: DeliveryContext
    private let state: Monitor<State>
    private let watch: QueueWatch
    private let workers: Int

    /// A worker's connections are closed after it has had nothing to do for so long.
    private static let idle: Interval = .seconds(10)
    private static let housekeeping: Interval = .seconds(600)

    init(_ context: DeliveryContext) throws(SpoolError) {
        self.context = context
        let relays = context.settings.relays
        let transcripts = context.settings.transcription?.parallel ?? 0
        let senders = min(64, max(2, relays.reduce(0) { $0 + $1.maximumConnections }))
        // Commands that write down what was said take no worker from the mails of others.
        workers = senders + transcripts
        state = Monitor(
            State(
                queue: DeliveryQueue(
                    relays: relays.map { ($0.maximumConnections, $0.priority) },
                    others: max(1, senders / 2), transcripts: transcripts,
                    givesUpAfter: context.settings.givesUpAfter)))
        do throws(SystemError) {
            watch = try QueueWatch(context.spool.path(of: .queue))
        } catch {
            throw .system(error)
        }
    }

    func begin() {
        state.with { $0.threads = workers + 1 }
        spawn("mail queue") { $0.attend() }
        for _ in 0..<workers { spawn("mail") { $0.work() } }
    }

    /// Takes no further work; returns at once.
    func end() {
        state.change { $0.isEnding = true }
        watch.interrupt()
    }

    func join(within limit: Interval) {
        let end = WallClockTime.now + limit
        state.wait { state in
            state.threads == 0 || WallClockTime.now >= end ? .done(()) : .until(end)
        }
    }

    private func spawn(_ name: String, _ body: @escaping @Sendable (MailerRun) -> Void) {
        let thread = Thread {
            body(self)
            self.state.change { $0.threads -= 1 }
        }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    func pending(of user: String) -> Int { state.with { $0.queue.count(of: user) } }

    var statistics: MailerStatistics {
        let now = WallClockTime.now
        return state.with { state in
            var statistics = MailerStatistics()
            statistics.queued = state.queue.count
            statistics.oldest = state.queue.oldest.map { now - $0 }
            statistics.isLate = statistics.oldest.map { $0 > context.settings.alarmAfter } ?? false
            for (index, relay) in context.settings.relays.enumerated()
            where state.queue.relayOpens(index) != nil {
                statistics.closedRelays.append(relay.url)
            }
            return statistics
        }
    }

    // MARK: Workers

    private func work() {
        while !state.with({ $0.isEnding }) {
            // A round with one handle, whose connections are kept; then they are closed.
            guard let first = take(within: nil) else { return }
            do throws(CurlError) {
                let client = try SMTPClient()
                var work: DeliveryQueue.Work? = first
                while let current = work {
                    deliver(current, client)
                    work = take(within: MailerRun.idle)
                }
            } catch {
                context.logger.error("\(error)")
                let later = WallClockTime.now + .seconds(30)
                state.change { state in
                    if let relay = first.relay {
                        state.queue.relay(relay, .untried, at: .now, jitter: 0)
                    }
                    state.queue.finished(first, retry: (later, .relay))
                }
            }
        }
    }

    /// - Returns: nil at the end, or when there was nothing for so long.
    private func take(within limit: Interval?) -> DeliveryQueue.Work? {
        let end = limit.map { WallClockTime.now + $0 }
        return state.wait { state in
            if state.isEnding { return .done(nil) }
            let now = WallClockTime.now
            if let work = state.queue.next(at: now) { return .done(work) }
            if let end, end <= now { return .done(nil) }
            return .until([state.queue.deadline, end].compactMap(\.self).min())
        }
    }

    private func deliver(_ work: DeliveryQueue.Work, _ client: borrowing SMTPClient) {
        var report: Delivery.Report
        do throws(SpoolError) {
            var delivery = try Delivery.open(work.id, relay: work.relay, context: context)
            if work.isTranscript {
                report = try delivery.transcribe(since: work.due) { !state.with { $0.isEnding } }
            } else {
                report = try delivery.perform(client)
            }
        } catch {
            report = Delivery.Report(retry: retry(work, error), relay: .untried)
        }
        let now = WallClockTime.now
        let wasChanged = state.change { state in
            if let relay = work.relay {
                let wasClosed = state.queue.relayOpens(relay) != nil
                state.queue.relay(relay, report.relay, at: now, jitter: .random(in: 0...1))
                if !wasClosed, let opens = state.queue.relayOpens(relay), opens > now {
                    context.logger.warning(
                        "relay \(context.settings.relays[relay].url) is left alone for \(Int((opens - now).seconds)) s"
                    )
                }
            }
            return state.queue.finished(work, retry: report.retry)
        }
        if wasChanged { load(work.id) }
    }

    /// What to do with a message whose files could not be used.
    private func retry(
        _ work: DeliveryQueue.Work, _ error: SpoolError
    ) -> (due: WallClockTime, need: DeliveryQueue.Need)? {
        let need: DeliveryQueue.Need =
            work.isTranscript ? .transcript : work.relay == nil ? .nothing : .relay
        switch error {
        case .busy: return (.now + .seconds(1), need)
        case .unknown, .unfit: return nil
        case .unreadable:
            setAside(work.id, error)
            return nil
        case .system, .inUse:
            context.logger.error("message \(work.id): \(error)")
            return (.now + .seconds(30), need)
        }
    }

    private func setAside(_ id: MessageIdentifier, _ error: SpoolError) {
        context.logger.error("message \(id) is set aside: \(error)")
        context.trace.add(TraceEvent(.failed, id, text: "\(error)"))
        do throws(SpoolError) {
            try context.spool.move(id, from: .queue, to: .failed)
        } catch {
            context.logger.error("message \(id): \(error)")
        }
    }

    // MARK: The directory

    private func attend() {
        scan()
        var cleaned: WallClockTime?
        while !state.with({ $0.isEnding }) {
            let now = WallClockTime.now
            if cleaned.map({ now - $0 >= MailerRun.housekeeping }) ?? true {
                cleaned = now
                clean(at: now)
            }
            for event in watch.events(within: MailerRun.housekeeping) {
                switch event {
                case .appeared(let name), .touched(let name):
                    if let id = MessageIdentifier(name) { load(id) }
                case .disappeared(let name):
                    if let id = MessageIdentifier(name) {
                        state.change { $0.queue.remove(id) }
                    }
                case .overflow:
                    scan()
                }
            }
        }
    }

    /// Reads what stands in the queue; deliveries begin with the first that was read.
    private func scan() {
        do throws(SpoolError) {
            for id in try context.spool.list(.queue) {
                if state.with({ $0.isEnding }) { return }
                if !state.with({ $0.queue.contains(id) }) { load(id) }
            }
        } catch {
            context.logger.error("the queue can't be read: \(error)")
        }
    }

    private func load(_ id: MessageIdentifier) {
        do throws(SpoolError) {
            let directory = try context.spool.open(id, in: .queue)
            let envelope = try context.spool.envelope(in: directory)
            let record =
                try context.spool.deliveries(in: directory)
                ?? DeliveryPlan.record(
                    for: envelope, hasRelays: !context.settings.relays.isEmpty, at: .now)
            // What has nothing left to do is taken up too: a crash kept it from leaving.
            let next = DeliveryPlan.next(of: record) ?? (.now, .nothing)
            let need = context.wantsTranscript(directory) ? .transcript : next.need
            state.change {
                $0.queue.add(
                    id, user: envelope.addressee.user, need: need, queued: record.queued,
                    due: next.due)
            }
        } catch {
            switch error {
            case .unknown, .unfit: break
            case .unreadable: setAside(id, error)
            default: context.logger.error("message \(id): \(error)")
            }
        }
    }

    private func clean(at now: WallClockTime) {
        let settings = context.settings
        do throws(SpoolError) {
            for state in [SpoolState.done, .discarded] {
                try context.spool.expire(state, before: now - settings.keepsFor) { id in
                    // A recording stays as long as a link leads to it.
                    context.spool.linkExpires(id, in: state).map { $0 > now } ?? false
                }
            }
        } catch {
            context.logger.error("old messages can't be removed: \(error)")
        }
        let days = context.trace.expire(
            before: now - settings.tracesFor, size: settings.maximumTraceSize)
        if !days.isEmpty {
            context.logger.warning(
                """
                the trace of \(days.joined(separator: ", ")) is removed: all of it had more than \
                mail.trace-size allows
                """)
        }
    }
}
