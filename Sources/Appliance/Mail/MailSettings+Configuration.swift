internal import Foundation
package import Mail
internal import Primitives

extension MailSettings {
    /// What the file says to the composer of mails: templates and keys are read.
    package init(_ configuration: Configuration) throws {
        let mail = configuration.mail
        guard let from = MailAddress(mail.from) else {
            throw MailError.address(mail.from)
        }
        self.init(
            from: from, fromName: mail.fromName,
            templates: try mail.templates.map { try MailTemplates(directory: $0) } ?? .builtIn)
        dkim = try mail.dkim.map { try DKIMSigner($0) }
        smime = try mail.smime.map { try SMIMESigner($0) }
    }
}

extension DKIMSigner {
    init(_ settings: Configuration.Mail.DKIM) throws {
        try self.init(
            domain: settings.domain, selector: settings.selector,
            key: Array(try Data(contentsOf: URL(filePath: settings.keyFile))))
    }
}

extension SMIMESigner {
    convenience init(_ settings: Configuration.Mail.SMIME) throws {
        try self.init(
            certificates: Array(try Data(contentsOf: URL(filePath: settings.certificateFile))),
            key: Array(try Data(contentsOf: URL(filePath: settings.keyFile))))
    }
}
