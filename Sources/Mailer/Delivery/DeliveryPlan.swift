internal import Mail
internal import Primitives
internal import Spool

/// Who is to get a message, and which of them now.
enum DeliveryPlan {
    /// The record of a message that was never tried.
    static func record(
        for envelope: Envelope, hasRelays: Bool, at now: WallClockTime
    ) -> DeliveryRecord {
        let addressee = envelope.addressee
        var targets: [DeliveryRecord.Target] = []
        if hasRelays {
            // What is no address is said to be none when it is tried.
            targets += addressee.addresses.map { .init(.mail, MailAddress($0)?.text ?? $0) }
            targets += addressee.shortAddresses.map { .init(.short, MailAddress($0)?.text ?? $0) }
        }
        if !targets.contains(where: { $0.kind == .mail }) {
            targets.append(.init(.maildir, addressee.user))
        }
        if let url = addressee.webhook { targets.append(.init(.webhook, url)) }
        return DeliveryRecord(
            queued: envelope.ended ?? now,
            recipients: targets.map { .init(target: $0, next: now) })
    }

    /// What the message waits for next; nil when nothing is left to do.
    static func next(
        of record: DeliveryRecord
    ) -> (due: WallClockTime, need: DeliveryQueue.Need)? {
        record.recipients.lazy.filter { $0.state == .waiting }.min { $0.next < $1.next }
            .map { ($0.next, $0.target.kind.need) }
    }
}

extension DeliveryRecord.Target.Kind {
    var need: DeliveryQueue.Need {
        switch self {
        case .mail, .short, .postmaster: .relay
        case .maildir, .webhook: .nothing
        }
    }
}

extension DeliveryRecord {
    /// Indices of the recipients of one kind who are to be tried now.
    func due(_ kind: Target.Kind, at now: WallClockTime) -> [Int] {
        recipients.indices.filter {
            let recipient = recipients[$0]
            return recipient.state == .waiting && recipient.target.kind == kind
                && recipient.next <= now
        }
    }
}
