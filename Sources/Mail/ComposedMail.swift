/// A mail that is ready for a relay: the SMTP envelope and the octets for DATA.
package struct ComposedMail: Sendable, Equatable {
    /// For MAIL FROM, without angle brackets; empty is the null reverse-path (RFC 5321 §4.5.5), of
    /// what nobody is to bounce or answer.
    package var sender: String
    /// For RCPT TO, as they came in ``MailContent/recipients``.
    package var recipients: [String]
    /// The message (RFC 5322): lines end in CRLF and are shorter than 998 octets, and all octets are
    /// of 7 bits unless ``needsUTF8``. The dots at the beginning of lines are not doubled.
    package var octets: [UInt8]
    /// An address in it is not ASCII: only a relay with SMTPUTF8 can take it (RFC 6531).
    package var needsUTF8: Bool
    package var recording: Recording
    /// A link to the recording is in it, which must lead somewhere from now on.
    package var hasLink = false

    /// How the recording is in the mail.
    package enum Recording: Sendable, Equatable {
        case attached(RecordingForm)
        /// It was wanted, and does not fit in any form: there is a link, if one was given.
        case tooLarge
        /// It was not wanted, or there is no sound.
        case none
    }
}
