internal import FoundationEssentials

/// One mail's dialogue with an SMTP server as libcurl reports it, line by line, read for what
/// libcurl's own result leaves out: the reply to each recipient, and the words of the last 250.
///
/// Nothing of an AUTH exchange is kept but what the server says of a token that it refuses.
package struct SMTPTranscript: Sendable {
    package enum Step: String, Sendable {
        case connect
        case ehlo = "EHLO"
        case startTLS = "STARTTLS"
        case auth = "AUTH"
        case mail = "MAIL"
        case rcpt = "RCPT"
        case data = "DATA"
        case end = "end of data"
        case other
    }

    /// What was last said, or is awaited.
    package private(set) var step = Step.connect
    /// One for each RCPT that was answered, in order.
    package private(set) var recipients: [SMTPReply] = []
    /// To the whole mail.
    package private(set) var final: SMTPReply?
    /// The last reply that was not positive, and to what.
    package private(set) var refusal: (step: Step, reply: SMTPReply)?
    /// JSON in which the server says what is wrong with a token (RFC 7628 §3.2.2): it comes in place
    /// of a challenge, and libcurl leaves then without waiting for the 535.
    package private(set) var tokenError: String?
    /// Octets of the largest mail that the server takes (RFC 1870); nil where it doesn't say.
    package private(set) var sizeLimit: Int?
    /// What the server says it can do (RFC 5321 §4.1.1.1), in capitals, without parameters.
    private var keywords: Set<String> = []
    private var isSecure = false
    private var isHelloAnswered = false
    /// The reply to EHLO has come, and none is to follow; and mails with addresses beyond ASCII
    /// can't be handed over (RFC 6531 §3.2).
    /// - Parameter secures: STARTTLS is used where it is offered, after which EHLO is said again.
    package func lacksUTF8(secures: Bool) -> Bool {
        step == .ehlo && isHelloAnswered && !keywords.contains("SMTPUTF8")
            && !(secures && !isSecure && keywords.contains("STARTTLS"))
    }
    /// Whether the connection is one that an earlier mail had made.
    package var isOnOldConnection: Bool { !hasGreeted && step != .connect }
    private var hasGreeted = false
    private var isOver = false
    private var parser = SMTPReplyParser()

    package init() {}

    /// A command left for the server, without the secrets in it being looked at.
    package mutating func sent(_ line: some Collection<UInt8>) {
        guard !isOver else { return }
        let word = String(
            decoding: line.prefix { $0 > 0x20 && $0 != UInt8(ascii: ":") }, as: UTF8.self)
        switch word.uppercased() {
        case "EHLO", "HELO":
            step = .ehlo
            hasGreeted = true
            keywords = []
            isHelloAnswered = false
        case "STARTTLS":
            step = .startTLS
            isSecure = true
        case "AUTH": step = .auth
        case "MAIL": step = .mail
        case "RCPT": step = .rcpt
        case "DATA": step = .data
        // libcurl closes a connection on which a mail came to nothing: what failed was before.
        case "QUIT": isOver = true
        // A line of an AUTH exchange, which has no word of its own.
        default: if step != .auth { step = .other }
        }
    }

    /// The mail's last octet was handed over.
    package mutating func sentAll() { if step == .data { step = .end } }

    /// A line of a reply came.
    package mutating func received(_ line: some Collection<UInt8>) {
        guard !isOver else { return }
        if step == .ehlo { readCapability(line) }
        guard case .reply(let reply) = parser.take(Array(line)) else { return }
        switch step {
        case .ehlo: isHelloAnswered = reply.isPositive
        case .rcpt: recipients.append(reply)
        case .end: final = reply
        case .auth where reply.code == 334: tokenError = SMTPTranscript.json(in: reply.text)
        // libcurl hands the mail over before it reads what DATA got in no case.
        case .data where reply.code != 354: final = reply
        default: break
        }
        if !reply.isPositive { refusal = (step, reply) }
    }

    private static func json(in challenge: String) -> String? {
        guard let octets = Data(base64Encoded: challenge), octets.first == UInt8(ascii: "{") else {
            return nil
        }
        let text = String(decoding: octets, as: UTF8.self)
        return String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
    }

    private mutating func readCapability(_ line: some Collection<UInt8>) {
        let words = String(decoding: line.dropFirst(4), as: UTF8.self).split(whereSeparator: {
            $0 == " " || $0 == "\r" || $0 == "\n" || $0 == "\r\n"
        })
        if let word = words.first { keywords.insert(word.uppercased()) }
        guard words.count == 2, words[0].uppercased() == "SIZE", let size = Int(words[1]), size > 0
        else { return }
        sizeLimit = size
    }
}
