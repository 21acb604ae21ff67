internal import CCurl
internal import Primitives

/// Hands mails to relays over SMTP, one at a time, by libcurl; keeps its connections for the next.
struct SMTPClient: ~Copyable {
    private let handle: CurlHandle

    init() throws(CurlError) { handle = try CurlHandle() }

    /// - Parameters:
    ///   - mail: lines end in CRLF. libcurl doubles the dots (RFC 5321 §4.5.2).
    ///   - needsUTF8: an address in it is beyond ASCII; a relay without SMTPUTF8 is not given it.
    ///   - secret: a password or token, where the relay has a user.
    ///   - sentAll: called when libcurl has all of the mail.
    /// - Returns: the outcome, and the octets of the largest mail that the relay says it takes.
    borrowing func send(
        _ mail: [UInt8], from: String, to recipients: [String], by relay: RelaySettings,
        helloName: String, needsUTF8: Bool, secret: String?, sentAll: @escaping () -> Void
    ) -> (outcome: TransactionOutcome, sizeLimit: Int?) {
        configure(relay, helloName: helloName, secret: secret)
        handle.set(CURLOPT_INFILESIZE_LARGE, octets: mail.count)
        handle.set(CURLOPT_MAIL_FROM, "<\(from)>")
        // What an old connection had said it can do is not known any more.
        if needsUTF8 { handle.set(CURLOPT_FRESH_CONNECT, 1) }
        let secures = relay.scheme == .smtp && relay.tls != .never
        var source = MailSource(mail, needsUTF8: needsUTF8, secures: secures, sentAll: sentAll)
        var failure = perform(source, recipients)
        if failure != nil && source.transcript.isOnOldConnection
            && source.transcript.step == .mail && source.transcript.refusal == nil
        {
            // The relay had closed the connection meanwhile: that is no failure of its.
            handle.set(CURLOPT_FRESH_CONNECT, 1)
            source = MailSource(mail, needsUTF8: needsUTF8, secures: secures, sentAll: sentAll)
            failure = perform(source, recipients)
        }
        if !source.goesOn {
            return (.lacksUTF8(recipients: recipients.count), source.transcript.sizeLimit)
        }
        let outcome = TransactionOutcome(
            source.transcript, recipients: recipients.count, failure: failure)
        return (outcome, source.transcript.sizeLimit)
    }

    /// - Returns: what libcurl isn't content with.
    private borrowing func perform(_ source: MailSource, _ recipients: [String]) -> String? {
        do throws(CurlError) {
            try handle.withList(CURLOPT_MAIL_RCPT, recipients.map { "<\($0)>" }) {
                () throws(CurlError) in
                try handle.perform(source)
            }
            return nil
        } catch {
            return error.text
        }
    }

    private borrowing func configure(_ relay: RelaySettings, helloName: String, secret: String?) {
        handle.reset()
        handle.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        // The path is the name that EHLO says.
        handle.set(CURLOPT_URL, "\(relay.url)/\(helloName)")
        handle.set(CURLOPT_UPLOAD, 1)
        // One refused recipient must not keep the mail from the others.
        handle.set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1)
        let limit = Int(relay.timeout.nanoseconds / 1_000_000)
        handle.set(CURLOPT_CONNECTTIMEOUT_MS, limit)
        handle.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, limit / 1000))
        // A relay that takes a mail by single octets must not hold us for ever.
        handle.set(CURLOPT_LOW_SPEED_LIMIT, 100)
        handle.set(CURLOPT_LOW_SPEED_TIME, max(1, limit / 1000))
        secure(relay)
        if let user = relay.user, let secret { authenticate(user, secret, relay.authentication) }
    }

    private borrowing func secure(_ relay: RelaySettings) {
        let level =
            switch relay.tls {
            case .never where relay.scheme == .smtp: CURLUSESSL_NONE
            case .optional where relay.user == nil: CURLUSESSL_TRY
            default: CURLUSESSL_ALL
            }
        handle.set(CURLOPT_USE_SSL, Int(level.rawValue))
        handle.set(CURLOPT_SSL_VERIFYPEER, relay.checksCertificate ? 1 : 0)
        handle.set(CURLOPT_SSL_VERIFYHOST, relay.checksCertificate ? 2 : 0)
        if let file = relay.caFile { handle.set(CURLOPT_CAINFO, file) }
    }

    private borrowing func authenticate(
        _ user: String, _ secret: String, _ way: RelaySettings.Authentication
    ) {
        handle.set(CURLOPT_USERNAME, user)
        switch way {
        case .xoauth2, .oauthbearer: handle.set(CURLOPT_XOAUTH2_BEARER, secret)
        default: handle.set(CURLOPT_PASSWORD, secret)
        }
        let mechanism: String? =
            switch way {
            case .automatic: nil
            case .plain: "PLAIN"
            case .login: "LOGIN"
            case .cramMD5: "CRAM-MD5"
            case .xoauth2: "XOAUTH2"
            case .oauthbearer: "OAUTHBEARER"
            }
        if let mechanism { handle.set(CURLOPT_LOGIN_OPTIONS, "AUTH=\(mechanism)") }
    }
}

/// A mail on its way, and what is said meanwhile.
private final class MailSource: CurlSource {
    var transcript = SMTPTranscript()
    private let needsUTF8: Bool
    private let secures: Bool
    private let sentAll: () -> Void

    init(_ mail: [UInt8], needsUTF8: Bool, secures: Bool, sentAll: @escaping () -> Void) {
        self.needsUTF8 = needsUTF8
        self.secures = secures
        self.sentAll = sentAll
        super.init(mail)
    }

    override var goesOn: Bool { !needsUTF8 || !transcript.lacksUTF8(secures: secures) }

    override func handedOver() {
        transcript.sentAll()
        sentAll()
    }

    override func noticed(_ kind: curl_infotype, _ line: UnsafeRawBufferPointer) {
        switch kind {
        case CURLINFO_HEADER_OUT: transcript.sent(line)
        case CURLINFO_HEADER_IN: transcript.received(line)
        default: break
        }
    }
}
