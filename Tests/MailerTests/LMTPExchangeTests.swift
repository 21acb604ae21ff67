import Mailer
import Testing

@Suite struct LMTPExchangeTests {
    private let mail = Array("Subject: x\r\n\r\n.dot\r\n".utf8)

    private func text(_ action: LMTPExchange.Action) -> String {
        guard case .send(let octets) = action else { return "\(action)" }
        return String(decoding: octets, as: UTF8.self)
    }

    @discardableResult
    private func say(_ line: String, _ exchange: inout LMTPExchange) -> String {
        text(exchange.received(Array(line.utf8)))
    }

    /// The server answers the mail once for each recipient that it took (RFC 2033 §4.2).
    @Test func eachRecipientIsAnswered() {
        var exchange = LMTPExchange(
            mail, from: "vm@x", to: ["a@x", "b@x", "c@x"], helloName: "node")
        #expect(say("220 hi", &exchange) == "LHLO node\r\n")
        #expect(say("250-mx", &exchange) == "wait")
        #expect(say("250 SIZE", &exchange) == "MAIL FROM:<vm@x>\r\n")
        #expect(say("250 ok", &exchange) == "RCPT TO:<a@x>\r\n")
        #expect(say("250 ok", &exchange) == "RCPT TO:<b@x>\r\n")
        #expect(say("550 5.1.1 no", &exchange) == "RCPT TO:<c@x>\r\n")
        #expect(say("250 ok", &exchange) == "DATA\r\n")
        #expect(say("354 go", &exchange) == "Subject: x\r\n\r\n..dot\r\n.\r\n")
        #expect(say("250 2.0.0 <a@x> q1 Saved", &exchange) == "wait")
        let saved = SMTPReply(code: 250, text: "2.0.0 <a@x> q1 Saved")
        let no = SMTPReply(code: 550, text: "5.1.1 no")
        let full = SMTPReply(code: 452, text: "4.2.2 full")
        var broken = exchange
        #expect(
            exchange.received(Array("452 4.2.2 full".utf8))
                == .finished(
                    .answered([
                        .accepted(saved), .permanent(step: "RCPT", no),
                        .temporary(step: "end of data", full),
                    ])))
        // When it breaks before the last answer, who has it keeps it and the other is tried again.
        guard case .answered(let fates) = broken.failed("reset") else {
            Issue.record("not answered")
            return
        }
        #expect(fates[0] == .accepted(saved))
        guard case .temporary = fates[2] else {
            Issue.record("\(fates)")
            return
        }
        say("250 ok", &broken)
    }

    @Test func addressesBeyondASCIINeedSMTPUTF8() {
        for keyword in ["SMTPUTF8", "SIZE"] {
            var exchange = LMTPExchange(
                mail, from: "vm@x", to: ["ü@x"], helloName: "node", needsUTF8: true)
            say("220 hi", &exchange)
            say("250-mx", &exchange)
            let answer = say("250 \(keyword)", &exchange)
            if keyword == "SMTPUTF8" {
                #expect(answer == "MAIL FROM:<vm@x> SMTPUTF8\r\n")
            } else {
                #expect(answer.contains("permanent") && answer.contains("SMTPUTF8"))
            }
        }
    }

    @Test func nobodyIsLeft() {
        var exchange = LMTPExchange(mail, from: "vm@x", to: ["a@x"], helloName: "node")
        for line in ["220 hi", "250 mx", "250 ok"] { say(line, &exchange) }
        #expect(
            exchange.received(Array("550 no".utf8))
                == .finished(
                    .answered([.permanent(step: "RCPT", SMTPReply(code: 550, text: "no"))])))
    }

    @Test func beforeTheMailItIsTheServersFault() {
        let exchange = LMTPExchange(mail, from: "vm@x", to: ["a@x"], helloName: "node")
        #expect(exchange.failed("refused") == .unusable(step: "connect", cause: "refused"))
    }

    @Test(arguments: [
        ("", ".\r\n"), ("a", "a\r\n.\r\n"), (".", "..\r\n.\r\n"),
        (".\r\n..\r\na.b\r\n", "..\r\n...\r\na.b\r\n.\r\n"),
    ]) func dotsAreDoubledAtLineStarts(_ row: (mail: String, wire: String)) {
        let wire = LMTPExchange.dotStuffed(Array(row.mail.utf8))
        #expect(String(decoding: wire, as: UTF8.self) == row.wire)
    }
}
