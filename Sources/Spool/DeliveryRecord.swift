internal import FoundationEssentials
package import Primitives

/// What has become of a message's deliveries: `delivery.json`.
///
/// A message without one was never tried.
package struct DeliveryRecord: Hashable, Sendable, Codable {
    package static let currentVersion = 1

    package var version = DeliveryRecord.currentVersion
    package var queued: WallClockTime
    package var recipients: [Recipient]
    /// Until when the links that were handed out lead to the recording: as long it stays.
    package var linkExpires: WallClockTime?

    package init(queued: WallClockTime, recipients: [Recipient]) {
        self.queued = queued
        self.recipients = recipients
    }

    /// When the next of its deliveries is due; nil when none is left.
    package var next: WallClockTime? {
        recipients.compactMap { $0.state == .waiting ? $0.next : nil }.min()
    }

    package struct Recipient: Hashable, Sendable, Codable {
        package var target: Target
        package var state = State.waiting
        package var attempts = 0
        package var next: WallClockTime
        /// When it was added, where that is later than the message: the report of a failure has as
        /// long to arrive as the message had.
        package var since: WallClockTime?
        package var failure: Failure?
        package var acceptance: Acceptance?

        package init(target: Target, next: WallClockTime) {
            self.target = target
            self.next = next
        }
    }

    package enum State: String, Hashable, Sendable, Codable { case waiting, accepted, failed }

    /// One who is to get the message, and how.
    package struct Target: Hashable, Sendable, Codable, CustomStringConvertible {
        package enum Kind: String, Hashable, Sendable, Codable {
            /// The whole mail by SMTP or LMTP.
            case mail
            /// The short form by SMTP or LMTP.
            case short
            /// The whole mail in the Maildir of a user.
            case maildir
            case webhook
            /// The report of what failed, with the recording.
            case postmaster
        }

        package var kind: Kind
        /// A mail address, a user's name or a URL.
        package var address: String

        package init(_ kind: Kind, _ address: String) {
            self.kind = kind
            self.address = address
        }

        package var description: String { "\(kind.rawValue) \(address)" }
    }

    package struct Failure: Hashable, Sendable, Codable {
        package var at: WallClockTime
        /// Where: a relay's URL, a path.
        package var place: String
        /// What was going on, such as `RCPT` or `connect`.
        package var step: String
        /// What the other side or the system said.
        package var reply: String

        package init(at: WallClockTime, place: String, step: String, reply: String) {
            self.at = at
            self.place = place
            self.step = step
            self.reply = reply
        }
    }

    package struct Acceptance: Hashable, Sendable, Codable {
        package var at: WallClockTime
        package var place: String
        package var reply: String
        /// The name under which the relay has it, where its reply tells.
        package var queueID: String?

        package init(at: WallClockTime, place: String, reply: String, queueID: String?) {
            self.at = at
            self.place = place
            self.reply = reply
            self.queueID = queueID
        }
    }
}

extension Spool {
    /// Nil when the message was never tried.
    package func deliveries(
        in message: borrowing DirectoryHandle
    ) throws(SpoolError) -> DeliveryRecord? {
        guard message.size(of: Spool.deliveryFile) != nil else { return nil }
        let record: DeliveryRecord = try decode(Spool.deliveryFile, in: message)
        guard record.version <= DeliveryRecord.currentVersion else {
            throw .unreadable(
                path: "\(message.path)/\(Spool.deliveryFile)",
                cause: "it is of version \(record.version), which is newer than this program")
        }
        return record
    }

    package func write(
        _ record: DeliveryRecord, in message: borrowing DirectoryHandle
    ) throws(SpoolError) {
        do throws(SystemError) {
            try message.replace(Spool.deliveryFile, with: Spool.encoded(record)) { step in
                faults.at(step == .written ? .deliveryWritten : .deliveryRenamed)
            }
        } catch {
            throw .system(error)
        }
    }
}
