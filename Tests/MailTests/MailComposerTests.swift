import Foundation
import Mail
import Primitives
import Spool
import Testing

@Suite struct MailComposerTests {
    @Test func headerSaysWhoWhomAndWhen() throws {
        let envelope = try Sample.envelope(name: "Zed Two")
        let mail = try Sample.mail(envelope)
        for line in [
            "Date: Thu, 26 Nov 2026 19:04:12 +0100", "From: \"Zed Two\" <voicemail@example.com>",
            "To: \"Alice\" <alice@example.com>", "Subject: Voicemail from Zed Two (1 min 5 s)",
            "Message-ID: \(envelope.messageID)", "Auto-Submitted: auto-generated",
            "Message-Context: voice-message", "MIME-Version: 1.0",
        ] {
            #expect(mail.contains("\r\n\(line)\r\n") || mail.hasPrefix("\(line)\r\n"), "\(line)")
        }
        #expect(!mail.contains("X-Priority"))
        #expect(!mail.contains("\nList-"))
        #expect(!mail.contains("\nReply-To"))
    }

    @Test func sameContentMakesTheSameMail() throws {
        #expect(try Sample.mail(Sample.envelope()) == Sample.mail(Sample.envelope()))
    }

    @Test func urgentMailsAreMarked() throws {
        var envelope = try Sample.envelope()
        envelope.isUrgent = true
        let mail = try Sample.mail(envelope)
        #expect(mail.contains("\r\nX-Priority: 1\r\nImportance: high\r\n"))
        #expect(mail.contains("marked this message as urgent"))
    }

    @Test func eachFormHasItsOwnMessageID() throws {
        let envelope = try Sample.envelope()
        let forms: [MailContent.Form] = [.message, .missedCall, .short, .report([])]
        let identifiers = try forms.map { form in
            try Sample.mail(envelope, form: form).split(separator: "\r\n")
                .first { $0.hasPrefix("Message-ID: ") }
        }
        #expect(Set(identifiers).count == 4)
        #expect(identifiers[0].map { $0.hasSuffix(" \(envelope.messageID)") } == true)
    }

    @Test(arguments: ["a\r\nBcc: x@example.net", "a\nBcc: x", "a\u{2028}Bcc: x", "\u{0}\u{7F}"])
    func namesAddNoFields(_ name: String) throws {
        var envelope = try Sample.envelope(name: name)
        envelope.caller.number = name
        envelope.called = name
        envelope.messageID = "<\(name)@example.com>"
        envelope.addressee.displayName = name
        envelope.addressee.addresses = ["alice@example.com", "x\(name)@example.com"]
        let mail = try Sample.mail(envelope) { $0.callerAddress = "b\(name)@example.com" }
        #expect(!mail.contains("\r\nBcc:"))
        #expect(!mail.utf8.contains(0))
        #expect(mail.split(separator: "\r\n").allSatisfy { !$0.contains("\n") })
    }

    @Test func linesAreShortAndOfSevenBits() throws {
        let mail = try Sample.mail(
            Sample.envelope(name: String(repeating: "Тест 👩‍👩‍👧 \"\\ ", count: 40))
        ) { $0.transcript = String(repeating: "ä", count: 5000) }
        #expect(mail.utf8.allSatisfy { $0 < 0x80 })
        #expect(mail.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 78 })
        #expect(mail.hasSuffix("\r\n"))
    }

    @Test func replyGoesToTheCallerWhomTheDirectoryKnows() throws {
        let mail = try Sample.mail(Sample.envelope(name: "Bob")) {
            $0.callerAddress = "bob@example.com"
            $0.callerName = "Robert"
        }
        #expect(mail.contains("\r\nReply-To: \"Robert\" <bob@example.com>\r\n"))
        #expect(mail.contains("From: \"Robert\" <voicemail@example.com>"))
    }

    @Test func whoHasNoNameIsANumberAndElseTheConfiguredName() throws {
        var envelope = try Sample.envelope(name: "")
        #expect(try Sample.mail(envelope).contains("From: \"+15550142\" <voicemail@"))
        envelope.caller.number = nil
        let mail = try Sample.mail(envelope)
        #expect(mail.contains("From: \"Voicemail\" <voicemail@"))
        #expect(mail.contains("Subject: Voicemail from an unknown number"))
    }

    @Test func addressesBeyondASCIINeedSMTPUTF8() throws {
        var envelope = try Sample.envelope()
        let composer = try Sample.composer()
        func needsUTF8() throws -> Bool {
            try composer.compose(
                MailContent(envelope: envelope, recipients: envelope.addressee.addresses)
            ).needsUTF8
        }
        #expect(try !needsUTF8())
        envelope.addressee.addresses = ["jörg@example.com"]
        #expect(try needsUTF8())
        // A caller's address alone must not make the mail undeliverable.
        envelope = try Sample.envelope()
        let mail = try Sample.mail(envelope) { $0.callerAddress = "jörg@example.com" }
        #expect(!mail.contains("Reply-To"))
        // A domain beyond ASCII has A-labels.
        envelope.addressee.addresses = ["user@bücher.example"]
        #expect(try !needsUTF8())
        let idn = try Sample.mail(envelope) { $0.callerAddress = "zoe@bücher.example" }
        #expect(idn.contains("\r\nTo: \"Alice\" <user@xn--bcher-kva.example>\r\n"))
        let replyTo = try #require(idn.split(separator: "\r\n").first { $0.hasPrefix("Reply-To") })
        #expect(replyTo.hasSuffix("<zoe@xn--bcher-kva.example>"))
    }

    @Test func linkIsShownWhereItIsWanted() throws {
        var envelope = try Sample.envelope()
        let link = "https://voicemail.example.com/r/x"
        #expect(try !Sample.mail(envelope) { $0.link = link }.contains(link))
        envelope.addressee.attachment = .link
        #expect(try Sample.mail(envelope) { $0.link = link }.contains(link))
    }

    @Test func reportNamesTheReasonAndBouncesToNobody() throws {
        let envelope = try Sample.envelope()
        var failed = DeliveryRecord.Recipient(
            target: .init(.mail, "alice@example.com"), next: envelope.began)
        failed.failure = .init(
            at: envelope.began, place: "smtp://mx", step: "RCPT", reply: "550 5.1.1 unknown")
        var content = MailContent(
            envelope: envelope, form: .report([failed]), recipients: ["postmaster@example.com"])
        content.recording = try Sample.audio([-20])
        let mail = try Sample.composer().compose(content)
        let text = String(decoding: mail.octets, as: UTF8.self)
        #expect(mail.sender.isEmpty)
        #expect(mail.recording == .attached(RecordingForm(.wav)))
        #expect(text.contains("\r\nTo: <postmaster@example.com>\r\n"))
        #expect(text.contains("\r\nReason: 550 5.1.1 unknown\r\n"))
    }

    @Test func shortFormHas160CharactersAtMost() throws {
        #expect(
            try Sample.mail(Sample.envelope(name: "Bob"), form: .short)
                .hasSuffix("Voicemail from Bob +15550142, 11/26/2026, 7:03 PM, 1 min 5 s\r\n"))
        let long = try Sample.mail(
            Sample.envelope(name: String(repeating: "x", count: 500)), form: .short)
        let body = try #require(long.components(separatedBy: "\r\n\r\n").last)
        let text = body.replacing("=\r\n", with: "").replacing("=E2=80=A6", with: "…")
        #expect(text.utf16.count <= 162)
        #expect(text.hasSuffix("x… +15550142, 11/26/2026, 7:03 PM, 1 min 5 s\r\n"))
    }

    @Test func recordingIsMadeSmallerUntilItFits() throws {
        let path = try Sample.audio(Array(repeating: -20, count: 30))
        var content = MailContent(
            envelope: try Sample.envelope(), recipients: ["alice@example.com"])
        content.recording = path
        var forms: [ComposedMail.Recording] = []
        for limit in [1_000_000, 300_000, 120_000, 80_000, 30_000] {
            content.limit = limit
            let mail = try Sample.composer().compose(content)
            #expect(mail.octets.count <= limit)
            forms.append(mail.recording)
        }
        #expect(forms.first == .attached(RecordingForm(.wav)))
        #expect(forms[1] == .attached(RecordingForm(.mp3, bitRate: 32_000)))
        #expect(forms[2] == .attached(RecordingForm(.mp3, bitRate: 16_000)))
        #expect(forms.last == .tooLarge)
    }
}
