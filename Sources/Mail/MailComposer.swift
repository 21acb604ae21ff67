internal import Primitives
internal import Spool

/// Makes mails of messages: a function of what it is given, without network or clock. The same
/// content makes the same mail, with the same Message-ID, on every attempt.
package struct MailComposer: Sendable {
    package let settings: MailSettings

    package init(_ settings: MailSettings) { self.settings = settings }

    /// A whole mail: plain text and HTML, and the recording as the addressee likes it.
    ///
    /// Where the recording makes the mail larger than the limit, it is encoded smaller, and at last
    /// left out; the mail says so and has the link, if there is one. A mail that is over the limit
    /// without it is given back all the same.
    package func compose(_ content: MailContent) throws(MailError) -> ComposedMail {
        let mail = Draft(content, settings)
        guard let path = content.recording, mail.wantsRecording else {
            return try finish(mail, nil, .none)
        }
        let encoder = try AttachmentEncoder(path: path, speech: content.envelope.speech)
        guard !encoder.survey.range.isEmpty else { return try finish(mail, nil, .none) }
        let limit = content.limit ?? settings.maximumSize
        var form: RecordingForm? = RecordingForm(content.envelope.addressee.format)
        while let current = form {
            // Of each line of 78 octets 57 are sound's; texts, header and signatures are small.
            let room = max(0, limit - 12_000 - 8 * (content.transcript?.utf8.count ?? 0)) / 78 * 57
            if let sound = try encoder.encode(current, limit: room) {
                let composed = try finish(mail, (sound, current), .attached(current))
                if composed.octets.count <= limit { return composed }
            }
            form = current.smaller(than: room, seconds: encoder.seconds)
        }
        return try finish(mail, nil, .tooLarge)
    }

    private func finish(
        _ draft: Draft, _ sound: (octets: [UInt8], form: RecordingForm)?,
        _ recording: ComposedMail.Recording
    ) throws(MailError) -> ComposedMail {
        var part = draft.body(isTooLarge: recording == .tooLarge)
        if let sound {
            part = .multipart(
                "mixed", [part, draft.attachment(sound.octets, sound.form)],
                boundary: draft.boundary("mixed"))
        }
        if let smime = settings.smime {
            part = try smime.sign(part, boundary: draft.boundary("signed"))
        }
        let fields = draft.fields(isTooLarge: recording == .tooLarge)
        var octets: [UInt8] = []
        if let dkim = settings.dkim {
            var body: [UInt8] = []
            part.writeBody(to: &body)
            let signature = try dkim.sign(
                fields + part.fields, body: body, at: draft.time)
            signature.write(to: &octets)
            for field in fields + part.fields { field.write(to: &octets) }
            octets.append(contentsOf: "\r\n".utf8)
            octets.append(contentsOf: body)
        } else {
            for field in fields { field.write(to: &octets) }
            part.write(to: &octets)
        }
        if !octets.suffix(2).elementsEqual("\r\n".utf8) {
            octets.append(contentsOf: "\r\n".utf8)
        }
        return ComposedMail(
            sender: draft.sender, recipients: draft.content.recipients, octets: octets,
            needsUTF8: draft.needsUTF8, recording: recording,
            hasLink: draft.showsLink(isTooLarge: recording == .tooLarge))
    }
}
