internal import Primitives
internal import Spool

/// A mail before its parts are encoded: who writes what to whom.
struct Draft {
    let content: MailContent
    private let settings: MailSettings
    private let caller: Caller
    private let clock: LocalTime
    private let addressees: [(name: String?, address: MailAddress)]

    init(_ content: MailContent, _ settings: MailSettings) {
        self.content = content
        self.settings = settings
        caller = Caller(content)
        let addressee = content.envelope.addressee
        clock = LocalTime(language: addressee.language, timeZone: addressee.timeZone)
        let name = addressee.displayName.map { VisibleText.line($0) }
        switch content.form {
        case .message, .missedCall:
            let recipients = content.recipients.compactMap { MailAddress($0) }
            // Who can be reached without SMTPUTF8 has a mail without the addresses that need it.
            let isPlain = !recipients.isEmpty && recipients.allSatisfy(\.isASCII)
            let addresses = addressee.addresses.compactMap { MailAddress($0) }
                .filter { !isPlain || $0.isASCII }
            // For a Maildir: a name under which the mail's own domain could know the user.
            let local = MailAddress("\(addressee.user)@\(settings.from.domain)")
            addressees = (addresses.isEmpty ? [local].compactMap(\.self) : addresses)
                .map { (name, $0) }
        case .short, .report:
            addressees = content.recipients.compactMap { MailAddress($0) }.map { (nil, $0) }
        }
    }

    private var envelope: Envelope { content.envelope }

    /// The end of the recording: every attempt says the same.
    var time: WallClockTime { envelope.ended ?? envelope.began }

    /// What is about a failure must not come back as another failure.
    var sender: String {
        if case .report = content.form { return "" }
        return settings.from.text
    }

    var needsUTF8: Bool {
        !settings.from.isASCII
            || !(addressees.map(\.address) + content.recipients.compactMap { MailAddress($0) })
                .allSatisfy(\.isASCII)
    }

    var wantsRecording: Bool {
        switch content.form {
        case .missedCall, .short: false
        case .report: true
        case .message:
            switch envelope.addressee.attachment {
            case .attach, .both: true
            // Without a link the recording would be nowhere.
            case .link: content.link == nil
            case .neither: false
            }
        }
    }

    /// Whether the body says where the recording can be heard.
    func showsLink(isTooLarge: Bool) -> Bool {
        content.form == .message && TemplateContext.link(content, isTooLarge: isTooLarge) != nil
    }

    // MARK: Header

    /// The fields above those of the body, without signatures.
    func fields(isTooLarge: Bool) -> [HeaderField] {
        var fields = [
            HeaderField("Date", clock.header(time)),
            HeaderField("From", mailboxes: [(fromName, settings.from)]),
        ]
        if let replyTo {
            fields.append(HeaderField("Reply-To", mailboxes: [(caller.name, replyTo)]))
        }
        if addressees.isEmpty {
            fields.append(HeaderField("To", "undisclosed-recipients:;"))
        } else {
            fields.append(HeaderField("To", mailboxes: addressees))
        }
        fields += [
            HeaderField("Message-ID", messageID),
            HeaderField("Subject", text: subject(isTooLarge: isTooLarge)),
        ]
        if envelope.isUrgent {
            fields += [HeaderField("X-Priority", "1"), HeaderField("Importance", "high")]
        }
        if content.form == .message {
            fields.append(HeaderField("Message-Context", "voice-message"))
        }
        fields += [
            HeaderField("Auto-Submitted", "auto-generated"), HeaderField("MIME-Version", "1.0"),
        ]
        return fields
    }

    private var fromName: String {
        if case .report = content.form { return settings.fromName }
        return caller.shown ?? VisibleText.line(settings.fromName)
    }

    /// An address that would need SMTPUTF8 is left out unless the mail needs it anyway: the message
    /// must not fail for it.
    private var replyTo: MailAddress? {
        guard content.form == .message || content.form == .missedCall else { return nil }
        return content.callerAddress.flatMap { MailAddress($0) }
            .flatMap { $0.isASCII || needsUTF8 ? $0 : nil }
    }

    /// The message's own for the mail with the recording; of the other forms one made from it, since
    /// a reader may throw away the second mail of the same Message-ID.
    private var messageID: String {
        let inner = envelope.messageID.dropFirst().dropLast()
        let isSound =
            envelope.messageID.hasPrefix("<") && envelope.messageID.hasSuffix(">")
            && inner.utf8.count <= 250 && MailAddress(String(inner))?.isASCII == true
        let plain = isSound ? String(inner) : "\(envelope.id)@\(settings.from.domain)"
        let kind =
            switch content.form {
            case .message: ""
            case .missedCall: "missed."
            case .short: "short."
            case .report: "report."
            }
        return "<\(kind)\(plain)>"
    }

    private func subject(isTooLarge: Bool) -> String {
        if case .report = content.form {
            return VisibleText.line(
                "Undelivered voicemail for \(envelope.addressee.user)", limit: 200)
        }
        return VisibleText.line(render(.subject, isTooLarge: isTooLarge), limit: 200)
    }

    // MARK: Body

    func body(isTooLarge: Bool) -> MIMEPart {
        let language = envelope.addressee.language
        switch content.form {
        case .short: return .text(short, subtype: "plain")
        case .report(let failed):
            return .text(
                FailureReport(failed, envelope, caller, isTooLarge: isTooLarge).text,
                subtype: "plain")
        case .message, .missedCall:
            let isTag = !language.isEmpty && language.utf8.allSatisfy { $0.isTagCharacter }
            let tag = isTag ? language : nil
            return .multipart(
                "alternative",
                [
                    .text(render(.text, isTooLarge: isTooLarge), subtype: "plain", language: tag),
                    .text(render(.html, isTooLarge: isTooLarge), subtype: "html", language: tag),
                ], boundary: boundary("alternative"))
        }
    }

    /// What a pager shows: 160 characters as SMS counts them at most, that is UTF-16 (GSM 03.38).
    private var short: String {
        var text = ""
        var left = 160
        for character in VisibleText.line(render(.short, isTooLarge: false), limit: 160) {
            left -= character.utf16.count
            guard left >= 0 else { break }
            text.append(character)
        }
        return text
    }

    private func render(_ name: MailTemplates.Name, isTooLarge: Bool) -> String {
        settings.templates.render(
            name, language: envelope.addressee.language,
            TemplateContext(content, caller: caller, isTooLarge: isTooLarge))
    }

    func attachment(_ octets: [UInt8], _ form: RecordingForm) -> MIMEPart {
        let (type, parameters) = form.mediaType
        let stem = ["voicemail-\(clock.compact(envelope.began))", caller.shown.map(Draft.fileName)]
            .compactMap(\.self).filter { !$0.isEmpty }.joined(separator: "-")
        return .file(
            octets, type: type, parameters: parameters, name: "\(stem).\(form.fileExtension)")
    }

    /// What any file system takes, and no shell or program reads as something else. Looked at by
    /// scalars: a dot with an accent on the next one is two dots to others.
    private static func fileName(_ text: String) -> String {
        let kept = text.unicodeScalars.map { scalar in
            "/\\:*?\"<>|%$`'&;!#{}[]()~^=,@".unicodeScalars.contains(scalar) ? " " : scalar
        }
        let line = VisibleText.line(String(String.UnicodeScalarView(kept)), limit: 40)
        var name = String.UnicodeScalarView()
        for scalar in line.unicodeScalars.drop(while: isAtNoEnd)
        where scalar != "." || name.last != "." {
            name.append(scalar)
        }
        while let last = name.last, isAtNoEnd(last) { name.removeLast() }
        return String(name)
    }

    /// Before the extension a dot would be the second, and Windows drops it with spaces.
    private static func isAtNoEnd(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "." || scalar == "-" || scalar == " "
    }

    func boundary(_ kind: String) -> String { "\(kind)-\(envelope.id.description.suffix(40))" }
}

extension UInt8 {
    /// A character of a language tag (RFC 5646 §2.1).
    fileprivate var isTagCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
