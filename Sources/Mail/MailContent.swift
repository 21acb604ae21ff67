package import Primitives
package import Spool

/// All that one mail is made of, beside the settings.
package struct MailContent: Sendable {
    package var envelope: Envelope
    package var form: Form
    /// The call left nothing worth a mail with a recording: ``Form/short`` says so too.
    package var isMissedCall = false
    /// Who gets this copy, for RCPT TO. ``Form/short`` and ``Form/report(_:)`` name them in To; the
    /// other forms always name all addresses of the addressee, so that each attempt says the same.
    package var recipients: [String]
    /// Path of `audio.au`; nil: there is none.
    package var recording: String?
    /// Mail address of the caller, if the directory knows the caller: Reply-To.
    package var callerAddress: String?
    /// The caller's name in the directory; it goes before the name that the call brought.
    package var callerName: String?
    /// Where the recording can be heard or fetched. It is shown when the addressee wants links, and
    /// when the recording does not fit.
    package var link: String?
    /// When ``link`` ends.
    package var linkExpires: WallClockTime?
    /// What was said, in words.
    package var transcript: String?
    /// Octets of the largest mail that is of use; nil: ``MailSettings/maximumSize``.
    package var limit: Int?

    package init(envelope: Envelope, form: Form = .message, recipients: [String]) {
        self.envelope = envelope
        self.form = form
        self.recipients = recipients
    }

    package enum Form: Sendable, Equatable {
        case message
        /// Somebody called and left nothing worth a mail with a recording.
        case missedCall
        /// At most 160 characters of plain text, for pagers and SMS gateways.
        case short
        /// To the postmaster: who didn't get the message and why, with the recording.
        case report([DeliveryRecord.Recipient])
    }
}
