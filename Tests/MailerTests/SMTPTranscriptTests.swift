import Mailer
import Testing

/// Dialogues as libcurl reports them: `C:` what we said, `S:` what the relay said, `.` the mail.
private func transcript(_ dialogue: String) -> SMTPTranscript {
    var transcript = SMTPTranscript()
    for line in dialogue.split(separator: "\n") {
        let octets = Array("\(line.dropFirst(3))\r\n".utf8)
        if line.hasPrefix("C: ") { transcript.sent(octets) }
        if line.hasPrefix("S: ") { transcript.received(octets) }
        if line == "." { transcript.sentAll() }
    }
    return transcript
}

private let hello = """
    S: 220 mx ESMTP
    C: EHLO node
    S: 250-mx
    S: 250-SIZE 1000000
    S: 250 SMTPUTF8
    C: MAIL FROM:<vm@example.com> SIZE=20
    S: 250 2.1.0 Ok

    """

private func reply(_ code: Int, _ text: String) -> SMTPReply { SMTPReply(code: code, text: text) }

@Suite struct SMTPTranscriptTests {
    /// G36: three recipients, three fates.
    @Test func eachRecipientHasItsOwnFate() {
        let said = transcript(
            hello + """
                C: RCPT TO:<a@example.com>
                S: 250 2.1.5 Ok
                C: RCPT TO:<b@example.com>
                S: 550 5.1.1 no such user
                C: RCPT TO:<c@example.com>
                S: 450 4.2.0 later
                C: DATA
                S: 354 go on
                .
                S: 250 2.0.0 Ok: queued as 4F2A
                """)
        let outcome = TransactionOutcome(said, recipients: 3, failure: nil)
        let final = reply(250, "2.0.0 Ok: queued as 4F2A")
        #expect(
            outcome
                == .answered([
                    .accepted(final), .permanent(step: "RCPT", reply(550, "5.1.1 no such user")),
                    .temporary(step: "RCPT", reply(450, "4.2.0 later")),
                ]))
        #expect(final.queueID == "4F2A")
        #expect(said.sizeLimit == 1_000_000)
    }

    /// As dovecot says it behind postfix: libcurl leaves at the 334, which is no challenge.
    @Test func aRefusedTokenIsExplained() {
        let said = transcript(
            """
            S: 220 mx ESMTP
            C: EHLO node
            S: 250 AUTH XOAUTH2
            C: AUTH XOAUTH2 dXNlcj12bQ==
            S: 334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=
            """)
        #expect(
            TransactionOutcome(said, recipients: 1, failure: "Login denied")
                == .unusable(
                    step: "AUTH", cause: #"Login denied: {"status":"401","schemes":"bearer"}"#))
    }

    @Test func allRefusedForNowAreAllTriedLater() {
        let said = transcript(
            hello + """
                C: RCPT TO:<a@example.com>
                S: 450 4.2.0 later
                C: RCPT TO:<b@example.com>
                S: 452 4.5.3 too many
                C: QUIT
                S: 221 bye
                """)
        #expect(
            TransactionOutcome(said, recipients: 2, failure: "RCPT failed: 450")
                == .answered([
                    .temporary(step: "RCPT", reply(450, "4.2.0 later")),
                    .temporary(step: "RCPT", reply(452, "4.5.3 too many")),
                ]))
    }

    @Test func tooManyRecipientsAreForAnotherTransaction() {
        let said = transcript(
            hello + """
                C: RCPT TO:<a@example.com>
                S: 250 Ok
                C: RCPT TO:<b@example.com>
                S: 452 4.5.3 too many
                C: DATA
                S: 354 go on
                .
                S: 250 Ok
                """)
        #expect(
            TransactionOutcome(said, recipients: 2, failure: nil)
                == .answered([
                    .accepted(reply(250, "Ok")), .another(reply(452, "4.5.3 too many")),
                ]))
    }

    @Test(arguments: [
        ("S: 451 4.3.0 later", false), ("S: 554 5.7.1 spam", true),
    ]) func whatIsSaidOfTheMailIsSaidOfAll(_ row: (line: String, isFinal: Bool)) {
        let said = transcript(
            hello + "C: RCPT TO:<a@x>\nS: 250 Ok\nC: DATA\nS: 354 go\n.\n" + row.line)
        let outcome = TransactionOutcome(said, recipients: 1, failure: "curl says no")
        guard case .answered(let fates) = outcome, let fate = fates.first else {
            Issue.record("\(outcome)")
            return
        }
        switch fate {
        case .permanent("end of data", _): #expect(row.isFinal)
        case .temporary("end of data", _): #expect(!row.isFinal)
        default: Issue.record("\(fate)")
        }
    }

    @Test(arguments: [
        // (dialogue after the greeting, what libcurl says, the step, whether the mail is at fault)
        ("", "Connection refused", "connect", false),
        ("S: 554 no service", "Got 554", "connect", false),
        ("S: 220 mx\nC: EHLO n\nS: 250 mx\nC: AUTH PLAIN\nS: 535 5.7.8 no", "x", "AUTH", false),
        ("S: 220 mx\nC: EHLO n\nS: 250 mx\nC: STARTTLS\nS: 454 no TLS", "x", "STARTTLS", false),
        (hello + "C: RCPT TO:<a@x>\nS: 421 closing", "x", "RCPT", false),
        (hello + "C: RCPT TO:<a@x>\nS: 530 5.7.0 STARTTLS first", "x", "RCPT", false),
        (hello + "C: RCPT TO:<a@x>", "reset", "RCPT", true),
        (hello + "C: RCPT TO:<a@x>\nS: 250 k\nC: DATA\nS: 354 go", "reset", "DATA", true),
        (
            hello + "C: RCPT TO:<a@x>\nS: 250 k\nC: DATA\nS: 354 go\n.", "reset", "end of data",
            true
        ),
    ])
    func whatBreaksIsPutDownToTheRelayOrTheMail(
        _ row: (dialogue: String, failure: String, step: String, isMail: Bool)
    ) {
        switch TransactionOutcome(transcript(row.dialogue), recipients: 1, failure: row.failure) {
        case .broken(let step, _):
            #expect(row.isMail)
            #expect(step == row.step)
        case .unusable(let step, let cause):
            #expect(!row.isMail)
            #expect(step == row.step)
            #expect(!cause.isEmpty)
        case let other: Issue.record("\(other)")
        }
    }

    @Test(arguments: [
        hello.replacingOccurrence("S: 250 2.1.0 Ok", "S: 552 5.3.4 too big"),
        hello + "C: RCPT TO:<a@x>\nS: 250 k\nC: DATA\nS: 354 go\n.\nS: 552 5.3.4 too big",
    ]) func tooLargeIsNoFailureOfARecipient(_ dialogue: String) {
        let outcome = TransactionOutcome(transcript(dialogue), recipients: 1, failure: "x")
        guard case .tooLarge(1_000_000, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func secretsAreNotKept() {
        let said = transcript("S: 220 mx\nC: EHLO n\nS: 250 mx\nC: AUTH PLAIN c2VjcmV0")
        #expect(!"\(said)".contains("c2VjcmV0"))
    }

    @Test(
        arguments: [
            ("2.0.0 Ok: queued as 4ZB2kq1Wz3z5", "4ZB2kq1Wz3z5"),
            ("2.0.0 1a2b3c Message accepted for delivery", "1a2b3c"),
            ("2.0.0: 3f1c9a2b Message accepted for delivery", "3f1c9a2b"),
            ("OK id=1qxyz-0004Ab-2f", "1qxyz-0004Ab-2f"),
            ("2.0.0 <alice> 9HdPNg2xZ2 Saved", "9HdPNg2xZ2"),
            ("OK", nil),
        ] as [(String, String?)])
    func theRelaysNameForTheMail(_ row: (text: String, id: String?)) {
        #expect(reply(250, row.text).queueID == row.id)
    }

    /// Whatever a relay says, nothing traps, and nothing is taken for a success.
    @Test func garbageIsNoSuccess() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var said = SMTPTranscript()
            said.sent(Array("EHLO x\r\n".utf8))
            for _ in 0..<5 {
                let line = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                said.received(line)
            }
            if case .answered = TransactionOutcome(said, recipients: 1, failure: nil) {
                Issue.record("\(said)")
            }
        }
    }
}

extension String {
    fileprivate func replacingOccurrence(_ old: String, _ new: String) -> String {
        split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0 == old ? new : String($0) }.joined(separator: "\n")
    }
}
