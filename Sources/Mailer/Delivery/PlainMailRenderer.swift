internal import FoundationEssentials
internal import Spool

/// The least that can be mailed: a line of text and the recording as it is.
package struct PlainMailRenderer: MailRenderer {
    let from: String

    package init(from: String) { self.from = from }

    package func render(_ request: MailRequest) throws -> [UInt8] {
        let envelope = request.envelope
        let subject =
            switch request.form {
            case .report: "Undeliverable voicemail \(envelope.id)"
            default: "Voicemail \(envelope.id)"
            }
        let messageID =
            switch request.form {
            case .report: "<report." + envelope.messageID.dropFirst()
            default: envelope.messageID
            }
        var text = "Message \(envelope.id)\n"
        if case .report(let failed) = request.form {
            for recipient in failed {
                let reply = recipient.failure.map { "\($0.place): \($0.reply)" } ?? ""
                text += "\(recipient.target): \(reply)\n"
            }
        }
        let head = [
            "From: <\(from)>",
            "To: \(request.recipients.map { "<\($0)>" }.joined(separator: ", "))",
            "Subject: \(subject)", "Message-ID: \(messageID)", "MIME-Version: 1.0",
        ]
        let audio = FileManager.default.contents(atPath: request.audioPath) ?? Data()
        let encoded = audio.base64EncodedString(
            options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        let small =
            request.form == .short || audio.isEmpty
            || encoded.utf8.count + text.utf8.count + 1000 > request.limit ?? .max
        let boundary = "=_\(envelope.id)"
        let body = Data(text.utf8).base64EncodedString(
            options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        let part = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"]
        let lines =
            small
            ? head + part + ["", body, ""]
            : head + ["Content-Type: multipart/mixed; boundary=\"\(boundary)\"", ""]
                + ["--\(boundary)"] + part + ["", body, "--\(boundary)"]
                + [
                    "Content-Type: audio/basic", "Content-Transfer-Encoding: base64",
                    "Content-Disposition: attachment; filename=\"message.au\"", "", encoded,
                    "--\(boundary)--", "",
                ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }
}
