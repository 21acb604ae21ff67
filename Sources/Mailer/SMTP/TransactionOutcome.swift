/// What came of one attempt to hand a mail to a relay.
package enum TransactionOutcome: Sendable, Equatable {
    /// The relay spoke of each recipient, in the order they were named.
    case answered([Fate])
    /// The mail is too large for it.
    /// - Parameter limit: octets, where the relay says how many it takes.
    case tooLarge(limit: Int?, SMTPReply?)
    /// It broke off while this mail was handed over.
    case broken(step: String, cause: String)
    /// Nothing can be handed to it at present, whatever the mail.
    case unusable(step: String, cause: String)

    package enum Fate: Sendable, Equatable {
        case accepted(SMTPReply)
        /// To be tried again later.
        case temporary(step: String, SMTPReply)
        /// Never to be tried again.
        case permanent(step: String, SMTPReply)
        /// Too many recipients at once: to be tried at once in a transaction of its own.
        case another(SMTPReply)
    }
}

extension TransactionOutcome {
    /// Of a mail with addresses beyond ASCII, by a relay that can't be given them (RFC 6531 §3.2).
    static func lacksUTF8(recipients count: Int) -> TransactionOutcome {
        let reply = SMTPReply(
            code: 553, text: "5.6.7 (ours) the relay has no SMTPUTF8, which this address needs")
        let step = SMTPTranscript.Step.ehlo.rawValue
        return .answered(Array(repeating: .permanent(step: step, reply), count: count))
    }

    /// Reads the outcome out of the dialogue.
    /// - Parameters:
    ///   - recipients: how many were to be named.
    ///   - failure: what libcurl says, when it isn't content.
    package init(_ transcript: SMTPTranscript, recipients count: Int, failure: String?) {
        var cause = transcript.refusal.map { "\($0.reply)" } ?? failure ?? "no answer"
        if let error = transcript.tokenError { cause += ": \(error)" }
        let step = (transcript.refusal?.step ?? transcript.step).rawValue
        switch transcript.refusal {
        case (.mail, let reply)? where reply.saysTooLarge:
            self = .tooLarge(limit: transcript.sizeLimit, reply)
            return
        case (_, let reply)? where reply.code == 421:
            // The service closes: it says nothing of this mail (RFC 5321 §3.8).
            self = .unusable(step: step, cause: cause)
            return
        default: break
        }
        switch transcript.step {
        case .connect, .ehlo, .startTLS, .auth, .mail, .other:
            self = .unusable(step: step, cause: cause)
        case .rcpt, .data, .end:
            guard transcript.recipients.count == count else {
                self = .broken(step: transcript.step.rawValue, cause: failure ?? cause)
                return
            }
            self.init(recipients: transcript.recipients, transcript, failure)
        }
    }

    private init(
        recipients: [SMTPReply], _ transcript: SMTPTranscript, _ failure: String?
    ) {
        let accepted = recipients.contains(where: \.isPositive)
        if accepted {
            guard let final = transcript.final else {
                self = .broken(
                    step: transcript.step.rawValue, cause: failure ?? "no answer to the mail")
                return
            }
            if final.isPermanent && final.saysTooLarge {
                self = .tooLarge(limit: transcript.sizeLimit, final)
                return
            }
        }
        // That a recipient needs AUTH or TLS before it says nothing of the recipient.
        if let reply = recipients.first(where: { [530, 538].contains($0.code) }) {
            self = .unusable(step: SMTPTranscript.Step.rcpt.rawValue, cause: "\(reply)")
            return
        }
        let end = SMTPTranscript.Step.end.rawValue
        self = .answered(
            recipients.map { reply in
                guard reply.isPositive else { return Fate(reply, others: accepted) }
                // `final` is there where any was accepted.
                guard let final = transcript.final else { return Fate(reply, others: accepted) }
                if final.isPositive { return .accepted(final) }
                return final.isPermanent
                    ? .permanent(step: end, final) : .temporary(step: end, final)
            })
    }
}

extension TransactionOutcome.Fate {
    /// Of a recipient who was refused.
    /// - Parameter others: whether some other was accepted.
    package init(_ reply: SMTPReply, others: Bool) {
        let step = SMTPTranscript.Step.rcpt.rawValue
        switch (reply.code, reply.enhancedCode) {
        // RFC 5321 §4.5.3.1.10: 452, and from older servers 552, for too many recipients.
        case (452, nil), (452, "4.5.3"), (552, nil), (552, "5.5.3"):
            self = others ? .another(reply) : .temporary(step: step, reply)
        default:
            self = reply.isPermanent ? .permanent(step: step, reply) : .temporary(step: step, reply)
        }
    }
}
