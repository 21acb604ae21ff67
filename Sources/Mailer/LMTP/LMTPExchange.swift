/// One mail over LMTP (RFC 2033) without the socket: lines in, octets out.
///
/// libcurl has no LMTP, whose server answers the mail once for each recipient.
package struct LMTPExchange: Sendable {
    package enum Action: Sendable, Equatable {
        case wait
        case send([UInt8])
        case finished(TransactionOutcome)
    }

    private enum State {
        case greeting, hello, mail
        case recipient(Int)
        case data
        case end(Int)
        case finished
    }

    private let sender: String
    private let recipients: [String]
    private let mail: [UInt8]
    private let helloName: String
    private let needsUTF8: Bool
    private var state = State.greeting
    private var replies: [SMTPReply] = []
    private var parser = SMTPReplyParser()
    private var fates: [TransactionOutcome.Fate?] = []

    /// - Parameters:
    ///   - mail: lines end in CRLF.
    ///   - needsUTF8: an address in it is beyond ASCII; a server without SMTPUTF8 is not given it.
    package init(
        _ mail: [UInt8], from: String, to: [String], helloName: String, needsUTF8: Bool = false
    ) {
        self.needsUTF8 = needsUTF8
        self.mail = mail
        sender = from
        recipients = to
        self.helloName = helloName
    }

    /// What the exchange was at.
    package var step: String {
        switch state {
        case .greeting: "connect"
        case .hello: "LHLO"
        case .mail: "MAIL"
        case .recipient: "RCPT"
        case .data: "DATA"
        case .end, .finished: "end of data"
        }
    }

    /// The connection could not be made, broke, or the time is over.
    package func failed(_ cause: String) -> TransactionOutcome {
        switch state {
        case .greeting, .hello, .mail: .unusable(step: step, cause: cause)
        // Who has it already keeps it.
        case .end where fates.contains(where: \.isAccepted):
            .answered(
                fates.map { fate in
                    fate
                        ?? .temporary(
                            step: step, SMTPReply(code: 451, text: "4.4.2 (ours) \(cause)"))
                })
        default: .broken(step: step, cause: cause)
        }
    }

    /// - Parameter line: one line that came, with or without its end.
    package mutating func received(_ line: [UInt8]) -> Action {
        let reply: SMTPReply
        switch parser.take(line) {
        case .partial: return .wait
        case .malformed: return finish(failed("what came is no reply"))
        case .reply(let whole): reply = whole
        }
        switch state {
        case .greeting:
            return go(on: reply, to: .hello, "LHLO \(helloName)")
        case .hello:
            let takesUTF8 = reply.text.uppercased().split(separator: " ").contains("SMTPUTF8")
            if reply.isPositive && needsUTF8 && !takesUTF8 {
                return finish(.lacksUTF8(recipients: recipients.count))
            }
            let parameter = needsUTF8 ? " SMTPUTF8" : ""
            return go(on: reply, to: .mail, "MAIL FROM:<\(sender)>\(parameter)")
        case .mail:
            if reply.saysTooLarge { return finish(.tooLarge(limit: nil, reply)) }
            return go(on: reply, to: .recipient(0), "RCPT TO:<\(recipients.first ?? "")>")
        case .recipient(let index):
            replies.append(reply)
            guard index + 1 == recipients.count else {
                state = .recipient(index + 1)
                return command("RCPT TO:<\(recipients[index + 1])>")
            }
            return named()
        case .data:
            guard reply.code == 354 else {
                let fates = replies.map { own in
                    own.isPositive ? Self.fate(reply) : .init(own, others: false)
                }
                return finish(.answered(fates))
            }
            return deliver()
        case .end(let index):
            // A bare 552 may be of one full mailbox; and who has the mail must not get it again.
            if reply.enhancedCode == "5.3.4" && !fates.contains(where: \.isAccepted) {
                return finish(.tooLarge(limit: nil, reply))
            }
            fates[index] = Self.fate(reply)
            guard let next = fates.indices.first(where: { fates[$0] == nil }) else {
                return finish(.answered(fates.compactMap(\.self)))
            }
            state = .end(next)
            return .wait
        case .finished:
            return .wait
        }
    }

    private mutating func go(on reply: SMTPReply, to next: State, _ line: String) -> Action {
        guard reply.isPositive else {
            return finish(.unusable(step: step, cause: "\(reply)"))
        }
        state = next
        return command(line)
    }

    private mutating func named() -> Action {
        guard replies.contains(where: \.isPositive) else {
            return finish(.answered(replies.map { .init($0, others: false) }))
        }
        state = .data
        return command("DATA")
    }

    private mutating func deliver() -> Action {
        fates = replies.map { $0.isPositive ? nil : .init($0, others: true) }
        state = .end(fates.firstIndex { $0 == nil } ?? 0)
        return .send(Self.dotStuffed(mail))
    }

    private mutating func finish(_ outcome: TransactionOutcome) -> Action {
        state = .finished
        return .finished(outcome)
    }

    private func command(_ line: String) -> Action { .send(Array("\(line)\r\n".utf8)) }

    private static func fate(_ reply: SMTPReply) -> TransactionOutcome.Fate {
        let step = SMTPTranscript.Step.end.rawValue
        if reply.isPositive { return .accepted(reply) }
        return reply.isPermanent
            ? .permanent(step: step, reply) : .temporary(step: step, reply)
    }

    /// With the dots that begin lines doubled, and the dot that ends it all (RFC 5321 §4.5.2).
    package static func dotStuffed(_ mail: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(mail.count + mail.count / 64 + 5)
        var isLineStart = true
        for octet in mail {
            if isLineStart && octet == UInt8(ascii: ".") { out.append(octet) }
            out.append(octet)
            isLineStart = octet == UInt8(ascii: "\n")
        }
        if !isLineStart { out += [13, 10] }
        return out + Array(".\r\n".utf8)
    }
}

extension TransactionOutcome.Fate? {
    fileprivate var isAccepted: Bool {
        if case .accepted? = self { return true }
        return false
    }
}
