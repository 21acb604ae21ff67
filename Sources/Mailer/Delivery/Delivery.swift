internal import FoundationEssentials
import Glibc
internal import Logging
internal import Mail
internal import Primitives
internal import Spool

/// One message in a worker's hands: everything that is due is tried, and the disk told of it.
struct Delivery: ~Copyable {
    let context: DeliveryContext
    private let relay: Int?
    let directory: DirectoryHandle
    let envelope: Envelope
    private(set) var record: DeliveryRecord
    /// As the disk has it.
    private var written: DeliveryRecord?
    private var relayResult = DeliveryQueue.RelayResult.untried

    /// What the queue is to be told.
    struct Report {
        var retry: (due: WallClockTime, need: DeliveryQueue.Need)?
        var relay: DeliveryQueue.RelayResult
    }

    /// Takes a message up.
    ///
    /// Throws ``SpoolError/busy(_:)`` when another has it, ``SpoolError/unknown(_:_:)`` when it has
    /// left the queue.
    static func open(
        _ id: MessageIdentifier, relay: Int?, context: DeliveryContext
    ) throws(SpoolError) -> Delivery {
        let directory = try context.spool.open(id, in: .queue, locks: true)
        let envelope = try context.spool.envelope(in: directory)
        let written = try context.spool.deliveries(in: directory)
        return Delivery(
            context: context, relay: relay, directory: directory, envelope: envelope,
            written: written)
    }

    private init(
        context: DeliveryContext, relay: Int?, directory: consuming DirectoryHandle,
        envelope: Envelope, written: DeliveryRecord?
    ) {
        self.context = context
        self.relay = relay
        self.directory = directory
        self.envelope = envelope
        self.written = written
        record =
            written
            ?? DeliveryPlan.record(
                for: envelope, hasRelays: !context.settings.relays.isEmpty, at: .now)
    }

    mutating func perform(_ client: borrowing SMTPClient) throws(SpoolError) -> Report {
        if relay == nil { try giveUpUntried() }
        try tryAll(client)
        if DeliveryPlan.next(of: record) == nil && addReport() {
            try save()
            try tryAll(client)
        }
        guard let next = DeliveryPlan.next(of: record) else {
            try leave()
            return Report(retry: nil, relay: relayResult)
        }
        return Report(retry: next, relay: relayResult)
    }

    private mutating func tryAll(_ client: borrowing SMTPClient) throws(SpoolError) {
        for kind in [DeliveryRecord.Target.Kind.maildir, .webhook, .mail, .short, .postmaster] {
            let due = record.due(kind, at: .now)
            guard !due.isEmpty, relayResult != .failed else { continue }
            switch kind {
            case .webhook:
                for index in due { try post(index) }
            case .mail, .short, .postmaster:
                if let relay, context.settings.relays.indices.contains(relay) {
                    // A relay without SMTPUTF8 can still have the mail of the others.
                    for isASCII in [true, false] {
                        let some = due.filter {
                            record.recipients[$0].target.address.utf8.allSatisfy { $0 < 0x80 }
                                == isASCII
                        }
                        guard !some.isEmpty, relayResult != .failed else { continue }
                        try send(some, client, context.settings.relays[relay], relay)
                    }
                } else if context.settings.relays.isEmpty {
                    try deposit(due)
                }
            case .maildir:
                try deposit(due)
            }
        }
    }

    /// Gives up who is too old where no relay could be spoken with. The report of it waits for one.
    private mutating func giveUpUntried() throws(SpoolError) {
        guard !context.settings.relays.isEmpty else { return }
        let now = WallClockTime.now
        let late = record.recipients.indices.filter { index in
            let recipient = record.recipients[index]
            return recipient.state == .waiting && recipient.target.kind.need == .relay
                && isTooOld(recipient, at: now)
        }
        for index in late {
            let last = record.recipients[index].failure
            let reason = last?.reply ?? "no relay could be spoken with"
            fail(
                index, last?.step ?? "connect",
                SMTPReply(code: 554, text: "5.4.7 (ours) not delivered in time: \(reason)"),
                last?.place)
        }
        if !late.isEmpty { try save() }
    }

    private func isTooOld(_ recipient: DeliveryRecord.Recipient, at now: WallClockTime) -> Bool {
        now - (recipient.since ?? record.queued) >= context.settings.givesUpAfter
    }

    // MARK: Relays

    private mutating func send(
        _ due: [Int], _ client: borrowing SMTPClient, _ settings: RelaySettings, _ relay: Int
    ) throws(SpoolError) {
        var pending = due
        for index in due where MailAddress(record.recipients[index].target.address) == nil {
            fail(index, "address", SMTPReply(code: 553, text: "5.1.3 no mail address"), nil)
            pending.removeAll { $0 == index }
        }
        var limit = context.sizeLimit(of: relay)
        var smallest = Int.max
        while !pending.isEmpty {
            guard let mail = render(pending, limit: limit) else {
                let reply = SMTPReply(code: 451, text: "4.3.0 (ours) no mail could be made of it")
                for index in pending { postpone(index, "compose", reply, "here") }
                break
            }
            guard mail.octets.count < smallest else {
                // Nothing is left to be made smaller.
                let reply = SMTPReply(code: 552, text: "5.3.4 larger than the relay takes")
                for index in pending { fail(index, "size", reply, settings.url) }
                break
            }
            context.spool.faults.at(.mailComposed)
            let addresses = pending.map { record.recipients[$0].target.address }
            switch transact(mail, to: addresses, client, settings, relay) {
            case .answered(let fates):
                relayResult = .served
                let again = zip(pending, fates).filter { $0.1.isForAnother }.map(\.0)
                if fates.contains(where: \.isAccepted) { context.spool.faults.at(.mailAccepted) }
                for (index, fate) in zip(pending, fates) { note(fate, index, settings.url) }
                try save()
                context.spool.faults.at(.mailRecorded)
                pending = again
                smallest = .max
            case .tooLarge(let stated, _):
                relayResult = .served
                smallest = mail.octets.count
                limit = min(stated ?? .max, limit ?? .max, smallest - 1)
                if stated == nil { limit = min(limit ?? .max, smallest / 2) }
            case .broken(let step, let cause):
                if relayResult != .served { relayResult = .stumbled }
                let reply = SMTPReply(code: 451, text: "4.4.2 (ours) \(cause)")
                for index in pending { postpone(index, step, reply, settings.url) }
                pending = []
            case .unusable(let step, let cause):
                relayResult = .failed
                for index in pending { blame(index, settings.url, step, cause) }
                pending = []
            }
        }
        try save()
    }

    private mutating func render(_ pending: [Int], limit: Int?) -> ComposedMail? {
        let recipients = pending.map { record.recipients[$0].target }
        let isMissed = context.spool.isMissedCall(directory)
        let form: MailContent.Form =
            switch recipients.first?.kind {
            case .short: .short
            case .postmaster: .report(record.recipients.filter { $0.state == .failed })
            default: isMissed ? .missedCall : .message
            }
        var content = MailContent(
            envelope: envelope, form: form, recipients: recipients.map(\.address))
        content.isMissedCall = isMissed
        content.recording =
            directory.size(of: Spool.audioFile) == nil
            ? nil : "\(directory.path)/\(Spool.audioFile)"
        content.transcript = context.spool.transcript(in: directory)?.text
        content.limit = limit
        do throws(MailError) {
            let link = isMissed ? nil : try context.settings.links?.link(to: envelope)
            content.link = link?.url
            content.linkExpires = link?.expires
            let mail = try context.composer.compose(content)
            if mail.hasLink { record.linkExpires = link?.expires }
            return mail
        } catch {
            context.logger.error("message \(envelope.id): no mail can be made of it: \(error)")
            return nil
        }
    }

    private func transact(
        _ mail: ComposedMail, to addresses: [String], _ client: borrowing SMTPClient,
        _ settings: RelaySettings, _ relay: Int
    ) -> TransactionOutcome {
        let faults = context.spool.faults
        let name = context.settings.helloName
        if settings.scheme == .lmtp {
            return LMTPClient.send(
                mail.octets, from: mail.sender, to: addresses, by: settings, helloName: name,
                needsUTF8: mail.needsUTF8
            ) { faults.at(.mailSent) }
        }
        // A token that was remembered may have run out: then a fresh one is asked for, once.
        var isLast = false
        while true {
            var secret: Secrets.Value?
            if let source = settings.secret {
                do throws(Secrets.Failure) {
                    secret = try context.secrets.value(of: source, at: .now)
                } catch {
                    return .unusable(step: "AUTH", cause: "\(error)")
                }
            }
            let (outcome, sizeLimit) = client.send(
                mail.octets, from: mail.sender, to: addresses, by: settings, helloName: name,
                needsUTF8: mail.needsUTF8, secret: secret?.text
            ) { faults.at(.mailSent) }
            if let sizeLimit { context.learn(sizeLimit, of: relay) }
            guard case .unusable("AUTH", _) = outcome, let source = settings.secret, let secret
            else { return outcome }
            context.secrets.forget(secret, of: source)
            if isLast || !secret.isRemembered { return outcome }
            isLast = true
        }
    }

    // MARK: Other targets

    private mutating func deposit(_ due: [Int]) throws(SpoolError) {
        let box = Maildir(root: context.settings.maildir, faults: context.spool.faults)
        for index in due {
            let target = record.recipients[index].target
            let user =
                switch target.kind {
                case .postmaster: "postmaster"
                default: envelope.addressee.user
                }
            guard let mail = render([index], limit: nil) else {
                let reply = SMTPReply(code: 451, text: "4.3.0 no mail could be made of it")
                postpone(index, "compose", reply, box.root)
                continue
            }
            do throws(SystemError) {
                let (path, isRepeated) = try box.deliver(
                    mail.octets, name: mailName(target.kind), at: envelope.began, to: user)
                let text = isRepeated ? "2.0.0 was there already" : "2.0.0 written"
                note(.accepted(SMTPReply(code: 250, text: text)), index, path)
            } catch {
                let reply = SMTPReply(code: 451, text: "4.2.0 \(error)")
                if error.errno == EINVAL {
                    fail(index, "maildir", reply, box.root)
                } else {
                    postpone(index, "maildir", reply, box.root)
                }
            }
        }
        try save()
    }

    /// Of the file in a Maildir: another for each form that the mail of a message can have.
    private func mailName(_ kind: DeliveryRecord.Target.Kind) -> String {
        switch kind {
        case .short: "\(envelope.id)-short"
        default: context.spool.isMissedCall(directory) ? "\(envelope.id)-missed" : "\(envelope.id)"
        }
    }

    private mutating func post(_ index: Int) throws(SpoolError) {
        let url = record.recipients[index].target.address
        let outcome = tell(url)
        switch outcome {
        case .answered(let fates):
            for fate in fates { note(fate, index, url) }
        case .unusable(let step, let cause), .broken(let step, let cause):
            postpone(index, step, SMTPReply(code: 451, text: cause), url)
        case .tooLarge:
            break
        }
        try save()
    }

    private mutating func tell(_ url: String) -> TransactionOutcome {
        var body = WebhookBody(
            envelope, isMissedCall: context.spool.isMissedCall(directory),
            transcript: context.spool.transcript(in: directory)?.text)
        do throws(MailError) {
            if !body.isMissedCall, let link = try context.settings.links?.link(to: envelope) {
                body.show(link)
                record.linkExpires = link.expires
            }
        } catch {
            return .unusable(step: "link", cause: "\(error)")
        }
        do throws(Webhook.KeyFailure) {
            return Webhook.post(
                body.octets, id: envelope.id, to: url,
                key: try context.settings.webhookKeyFile.map(Webhook.key), at: .now,
                timeout: context.settings.webhookTimeout)
        } catch {
            return .unusable(step: "signature", cause: error.description)
        }
    }

    // MARK: What came of it

    private mutating func note(
        _ fate: TransactionOutcome.Fate, _ index: Int, _ place: String
    ) {
        switch fate {
        case .accepted(let reply): accept(index, reply, place)
        case .temporary(let step, let reply): postpone(index, step, reply, place)
        case .permanent(let step, let reply): fail(index, step, reply, place)
        case .another: break
        }
    }

    private mutating func accept(_ index: Int, _ reply: SMTPReply, _ place: String) {
        let target = record.recipients[index].target
        record.recipients[index].state = .accepted
        record.recipients[index].attempts += 1
        record.recipients[index].acceptance = .init(
            at: .now, place: place, reply: "\(reply)", queueID: reply.queueID)
        context.logger.info("message \(envelope.id): \(target) has it by \(place): \(reply)")
        context.trace.add(
            TraceEvent(
                .accepted, envelope, text: "\(reply)", target: "\(target)", place: place,
                queueID: reply.queueID))
        context.count { $0.accepted += 1 }
    }

    private mutating func fail(
        _ index: Int, _ step: String, _ reply: SMTPReply, _ place: String?
    ) {
        let target = record.recipients[index].target
        blame(index, place ?? "here", step, "\(reply)")
        record.recipients[index].state = .failed
        record.recipients[index].attempts += 1
        context.logger.error(
            "message \(envelope.id): \(target) is given up after \(step): \(reply)")
        context.trace.add(
            TraceEvent(
                .refused, envelope, text: "\(step): \(reply)", target: "\(target)", place: place))
        context.count { $0.failed += 1 }
    }

    private mutating func postpone(
        _ index: Int, _ step: String, _ reply: SMTPReply, _ place: String
    ) {
        let now = WallClockTime.now
        guard !isTooOld(record.recipients[index], at: now) else {
            return fail(index, step, reply, place)
        }
        let target = record.recipients[index].target
        blame(index, place, step, "\(reply)")
        record.recipients[index].attempts += 1
        let wait = context.settings.backOff.wait(
            after: record.recipients[index].attempts, jitter: .random(in: 0...1))
        record.recipients[index].next = now + wait
        context.logger.warning(
            "message \(envelope.id): \(target) waits \(Int(wait.seconds)) s after \(step) at \(place): \(reply)"
        )
        context.trace.add(
            TraceEvent(
                .deferred, envelope, text: "\(step): \(reply)", target: "\(target)", place: place))
        context.count { $0.deferred += 1 }
    }

    /// Says what went wrong last, without a consequence.
    private mutating func blame(_ index: Int, _ place: String, _ step: String, _ reply: String) {
        record.recipients[index].failure = .init(at: .now, place: place, step: step, reply: reply)
    }

    private mutating func save() throws(SpoolError) {
        // Each writing is two syncs.
        guard record != written else { return }
        try context.spool.write(record, in: directory)
        written = record
    }

    // MARK: The end

    /// Adds the postmaster when somebody was given up.
    /// - Returns: whether there is something to do now.
    private mutating func addReport() -> Bool {
        guard record.recipients.contains(where: { $0.state == .failed }),
            !record.recipients.contains(where: { $0.target.kind == .postmaster })
        else { return false }
        var report = DeliveryRecord.Recipient(
            target: .init(.postmaster, context.settings.postmaster), next: .now)
        report.since = report.next
        record.recipients.append(report)
        return true
    }

    private func leave() throws(SpoolError) {
        let failed = record.recipients.filter { $0.state == .failed }
        if failed.isEmpty {
            let isLinked = record.linkExpires.map { $0 > .now } ?? false
            if context.spool.isMissedCall(directory) {
                try context.spool.move(envelope.id, from: .queue, to: .discarded)
            } else if context.settings.keepsFor > .zero || isLinked {
                try context.spool.move(envelope.id, from: .queue, to: .done)
            } else {
                try context.spool.remove(envelope.id, from: .queue)
            }
            context.trace.add(TraceEvent(.done, envelope))
        } else {
            try context.spool.move(envelope.id, from: .queue, to: .failed)
            context.trace.add(
                TraceEvent(.failed, envelope, text: "\(failed.count) recipients given up"))
        }
    }
}

extension TransactionOutcome.Fate {
    fileprivate var isForAnother: Bool {
        if case .another = self { return true }
        return false
    }

    fileprivate var isAccepted: Bool {
        if case .accepted = self { return true }
        return false
    }
}
