package import Spool

/// A mail that is wanted for delivery.
package struct MailRequest: Sendable {
    package enum Form: Sendable, Equatable {
        case full
        /// For pagers and SMS gateways.
        case short
        /// To the postmaster, of recipients who were given up.
        case report([DeliveryRecord.Recipient])
    }

    package var envelope: Envelope
    /// The message's `audio.au`.
    package var audioPath: String
    package var form: Form
    package var recipients: [String]
    /// Octets of the largest mail that is of use; nil: any.
    package var limit: Int?

    package init(
        envelope: Envelope, audioPath: String, form: Form, recipients: [String], limit: Int?
    ) {
        self.envelope = envelope
        self.audioPath = audioPath
        self.form = form
        self.recipients = recipients
        self.limit = limit
    }
}

/// Makes mails of messages.
package protocol MailRenderer: Sendable {
    /// A whole mail, its lines ended by CRLF and of 7 bits each octet. Where the recording makes it
    /// larger than the limit, it is encoded smaller, and left out at last.
    func render(_ request: MailRequest) throws -> [UInt8]
}
