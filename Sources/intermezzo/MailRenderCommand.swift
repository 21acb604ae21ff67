import Appliance
import ArgumentParser
import Foundation
import Mail
import Spool

struct MailRenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Make the mail of a message and print it, to see what templates say.",
        discussion: """
            ENVELOPE is the envelope.json of a message in the spool, or a file with one such object \
            on each line. Nothing is sent.
            """)

    enum Form: String, CaseIterable, ExpressibleByArgument { case message, missed, short, report }

    @OptionGroup var options: ConfigurationOption
    @Argument(help: "File of envelopes.") var envelopes: String
    @Argument(help: "The recording, an audio.au.") var recording: String?
    @Option(help: "message, missed (call), short (for pagers) or report (to the postmaster).")
    var form = Form.message
    @Option(help: "A link to the recording.") var link: String?
    @Option(help: "File with the words that were said.") var transcript: String?
    @Option(help: "The caller's mail address.") var callerAddress: String?
    @Option(help: "Octets of the largest mail.") var limit: Int?
    @Option(help: "Directory for the mails, as 1.eml and so on, in place of standard output.")
    var output: String?

    func run() throws {
        let composer = MailComposer(try MailSettings(try options.load()))
        let said = try reporting {
            if let output {
                try FileManager.default.createDirectory(
                    atPath: output, withIntermediateDirectories: true)
            }
            return try transcript.map { try String(contentsOfFile: $0, encoding: .utf8) }
        }
        for (index, envelope) in try read().enumerated() {
            let addressee = envelope.addressee
            var content = MailContent(
                envelope: envelope, form: contentForm(envelope), recipients: addressee.addresses)
            switch form {
            case .short: content.recipients = addressee.shortAddresses
            case .report: content.recipients = [try options.load().mail.postmaster]
            case .message, .missed: break
            }
            content.recording = recording
            content.link = link
            content.transcript = said
            content.callerAddress = callerAddress
            content.limit = limit
            let mail = Data(try composer.compose(content).octets)
            if let output {
                try mail.write(to: URL(filePath: "\(output)/\(index + 1).eml"))
            } else {
                try FileHandle.standardOutput.write(contentsOf: mail)
            }
        }
    }

    private func read() throws -> [Envelope] {
        let data = try reporting { try Data(contentsOf: URL(filePath: envelopes)) }
        let decoder = JSONDecoder()
        // The spool's own files have many lines.
        if let envelope = try? decoder.decode(Envelope.self, from: data) { return [envelope] }
        do {
            return try data.split(separator: UInt8(ascii: "\n")).map {
                try decoder.decode(Envelope.self, from: $0)
            }
        } catch {
            standardError("\(envelopes) is no envelope.json of a message, nor one on each line")
            throw ExitCode.failure
        }
    }

    private func contentForm(_ envelope: Envelope) -> MailContent.Form {
        switch form {
        case .message: return .message
        case .missed: return .missedCall
        case .short: return .short
        case .report:
            let failed = envelope.addressee.addresses.map { address in
                var recipient = DeliveryRecord.Recipient(
                    target: .init(.mail, address), next: envelope.began)
                recipient.failure = .init(
                    at: envelope.began, place: "smtp://relay.example.com:25", step: "RCPT",
                    reply: "550 5.1.1 an example of a reason")
                return recipient
            }
            return .report(failed)
        }
    }
}
