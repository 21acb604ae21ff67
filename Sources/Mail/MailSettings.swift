package import Primitives

/// What all mails have in common.
package struct MailSettings: Sendable {
    /// Envelope sender and From of every mail: one that SPF, DKIM and DMARC of its domain allow.
    package var from: MailAddress
    /// Shown in From where the caller has neither a name nor a number.
    package var fromName: String
    package var templates: MailTemplates
    package var dkim: DKIMSigner?
    package var smime: SMIMESigner?
    /// Octets of the largest mail that is made without a limit of the relay's.
    package var maximumSize = 50_000_000

    package init(from: MailAddress, fromName: String, templates: MailTemplates) {
        self.from = from
        self.fromName = fromName
        self.templates = templates
    }
}
