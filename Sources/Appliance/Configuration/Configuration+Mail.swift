internal import Mail
package import Primitives

extension Configuration {
    /// What `mail` says.
    package struct Mail: Sendable, Equatable {
        package enum TLS: Sendable { case required, optional, never }

        /// A server that takes mail.
        package struct Relay: Sendable, Equatable {
            package enum Scheme: String, Sendable { case smtp, smtps, lmtp }

            package enum Authentication: Sendable {
                /// The strongest that both sides know.
                case auto
                case plain, login, cramMD5, xoauth2, oauthbearer, none
            }

            package var scheme: Scheme
            /// A name or an address, without the brackets of IPv6.
            package var host: String
            package var port: UInt16
            /// Of STARTTLS; `smtps` is TLS from its first octet.
            package var tls = TLS.optional
            /// Certificates to believe in place of the system's, PEM.
            package var caFile: String?
            package var user: String?
            package var passwordFile: String?
            /// A command that prints an OAuth2 token, or a file that holds one.
            package var tokenCommand: String?
            package var tokenFile: String?
            package var authentication = Authentication.auto
            /// The lowest is tried first.
            package var priority = 10
            package var maximumConnections = 4
            /// Limit of each step of a delivery.
            package var timeout: Interval = .seconds(60)

            /// As curl(1) and logs have it: `smtp://mail.example.com:587`.
            package var url: String {
                "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
            }
        }

        /// When a failed delivery is tried again.
        package struct Retry: Sendable, Equatable {
            package var first: Interval = .seconds(30)
            /// Each wait is this many times the one before.
            package var factor = 2.0
            package var maximum: Interval = .seconds(3600)
            /// Age of a message at which it is given to the postmaster.
            package var givesUpAfter: Interval = .seconds(5 * 86_400)
        }

        package struct DKIM: Sendable, Equatable {
            package var domain: String
            package var selector: String
            /// The private key, PEM.
            package var keyFile: String
        }

        package struct SMIME: Sendable, Equatable {
            /// PEM, with the chain below it.
            package var certificateFile: String
            package var keyFile: String
        }

        /// Envelope sender and From of every mail.
        package var from = "voicemail@example.com"
        /// Shown where a caller has no name.
        package var fromName = "Voicemail"
        /// By priority, those of the same in the order of the file.
        package var relays: [Relay] = []
        /// Directory with a Maildir per user; nil when there are relays.
        package var maildir: String? = "var/mail"
        /// Gets what can't be delivered.
        package var postmaster = "postmaster@example.com"
        package var retry = Retry()
        /// Age of the oldest undelivered message that is an alarm.
        package var alarmAfter: Interval = .seconds(600)
        /// How long the steps of each message can be asked for.
        package var tracesFor: Interval = .seconds(90 * 86_400)
        /// Octets of all these steps; beyond it the oldest days go earlier.
        package var maximumTraceSize = 1 << 30
        /// Directory of the operator's own templates.
        package var templates: String?
        package var dkim: DKIM?
        package var smime: SMIME?
        package var webhookTimeout: Interval = .seconds(10)
        /// Holds the key that signs what webhooks are told; nil: unsigned.
        package var webhookKeyFile: String?
    }

    mutating func readMail(_ section: ConfigurationSection) {
        mail.from = section.value("from", .mailAddress, default: mail.from)
        mail.fromName = section.value("from-name", .text, default: mail.fromName)
        let mailDomain = mail.from.split(separator: "@").last.map(String.init) ?? domain
        mail.postmaster = section.value(
            "postmaster", .mailAddress, default: "postmaster@\(mailDomain)")
        let relays = section.sections("relays")
        mail.relays = relays.compactMap(readRelay).enumerated()
            .sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }
            .map(\.element)
        // The shipped file writes it out.
        if !relays.isEmpty && mail.from == Mail().from {
            section.warn(
                "relays", "mail.from is still \(mail.from), which the world's SPF refuses",
                "write an address of your own domain")
        }
        if mail.postmaster == Mail().postmaster && mail.from != Mail().from {
            section.warn(
                "postmaster",
                "mail.postmaster is still \(mail.postmaster), so nobody hears of"
                    + " what can't be delivered",
                "write an address that somebody reads, or leave it out")
        }
        let maildir = section.value("maildir", .text)
        mail.maildir = relays.isEmpty ? maildir ?? mail.maildir : nil
        if !relays.isEmpty && maildir != nil {
            section.warn(
                "maildir", "mail.maildir is not used while mail.relays has entries",
                "remove one of the two")
        }
        readRetry(section.section("retry"))
        mail.alarmAfter = section.value(
            "alarm-after", .duration(.seconds(10) ... .seconds(30 * 86_400)),
            default: mail.alarmAfter)
        mail.tracesFor = section.value(
            "trace-for", .duration(.seconds(3600) ... .seconds(3660 * 86_400)),
            default: mail.tracesFor)
        mail.maximumTraceSize = section.value(
            "trace-size", .octets(1 << 20...1 << 50), default: mail.maximumTraceSize)
        mail.templates = section.directory("templates")
        if let templates = mail.templates {
            do throws(MailTemplates.Faults) {
                _ = try MailTemplates(directory: templates)
            } catch {
                for fault in error.list {
                    section.note("templates", fault, "see docs/mail-templates.md")
                }
            }
        }
        if let dkim = section.optionalSection("dkim") { mail.dkim = readDKIM(dkim) }
        if let smime = section.optionalSection("smime") { mail.smime = readSMIME(smime) }
        mail.webhookTimeout = section.value(
            "webhook-timeout", .duration(.seconds(1) ... .seconds(300)),
            default: mail.webhookTimeout)
        mail.webhookKeyFile = section.secretFile("webhook-key-file", atLeast: 16)
        section.finish()
    }

    private mutating func readRetry(_ section: ConfigurationSection) {
        let wait: ClosedRange<Interval> = .seconds(1) ... .seconds(7 * 86_400)
        mail.retry.first = section.value("first", .duration(wait), default: mail.retry.first)
        mail.retry.factor = section.value("factor", .real(1...10), default: mail.retry.factor)
        mail.retry.maximum = section.value("maximum", .duration(wait), default: mail.retry.maximum)
        mail.retry.givesUpAfter = section.value(
            "give-up", .duration(.seconds(1) ... .seconds(30 * 86_400)),
            default: mail.retry.givesUpAfter)
        if mail.retry.maximum < mail.retry.first {
            section.note(
                "maximum", "\(section.path).maximum is below \(section.path).first",
                "raise the one or lower the other")
        }
        section.finish()
    }

    private func readRelay(_ section: ConfigurationSection) -> Mail.Relay? {
        guard var relay = section.value("url", .relay) else {
            section.require(["url": nil as String?], "write url: smtp://HOST")
            return nil
        }
        let needsTLS = relay.scheme == .smtps || section.isGiven("user")
        relay.tls = section.value(
            "tls",
            .oneOf(["required": .required, "optional": .optional, "never": Mail.TLS.never]),
            default: needsTLS ? .required : relay.tls)
        if relay.scheme == .smtps && relay.tls != .required {
            section.note(
                "tls", "smtps is always encrypted", "remove tls, or write smtp:// in the url")
        }
        relay.caFile = section.readableFile("ca-file")
        relay.user = section.value("user", .text)
        relay.passwordFile = section.secretFile("password-file")
        relay.tokenCommand = section.value("token-command", .text)
        relay.tokenFile = section.secretFile("token-file")
        relay.authentication = section.value(
            "auth",
            .oneOf([
                "auto": .auto, "plain": .plain, "login": .login, "cram-md5": .cramMD5,
                "xoauth2": .xoauth2, "oauthbearer": .oauthbearer, "none": .none,
            ]), default: relay.authentication)
        relay.priority = section.value("priority", .number(0...65_535), default: relay.priority)
        relay.maximumConnections = section.value(
            "max-connections", .number(1...100), default: relay.maximumConnections)
        relay.timeout = section.value(
            "timeout", .duration(.seconds(1) ... .seconds(600)), default: relay.timeout)
        section.finish()
        checkCredentials(of: relay, section)
        return relay
    }

    /// That what a way of authentication needs is there, and nothing that it doesn't.
    private func checkCredentials(of relay: Mail.Relay, _ section: ConfigurationSection) {
        let secrets = ["password-file", "token-command", "token-file"].filter(section.isGiven)
        guard section.isGiven("user") else {
            for key in secrets {
                section.note(key, "\(section.path).\(key) stands without a user", "add user: NAME")
            }
            if secrets.isEmpty && ![.auto, .none].contains(relay.authentication) {
                section.note("auth", "\(section.path).auth stands without a user", "add user: NAME")
            }
            return
        }
        if secrets.count > 1 {
            section.note(
                secrets[1], "\(section.path) has \(secrets[0]) and \(secrets[1])",
                "remove one of the two")
        } else if secrets.isEmpty {
            section.note(
                "user", "\(section.path).user has no secret",
                "add password-file, token-command or token-file")
        } else {
            let isToken = secrets[0] != "password-file"
            switch relay.authentication {
            case .plain, .login, .cramMD5:
                if isToken {
                    section.note(
                        "auth", "this way of authentication takes a password, not a token",
                        "write xoauth2 or oauthbearer, or name a password-file")
                }
            case .xoauth2, .oauthbearer:
                if !isToken {
                    section.note(
                        "auth", "this way of authentication takes a token, not a password",
                        "name a token-command or token-file")
                }
            case .none:
                section.note("auth", "'none' stands beside a user", "remove one of the two")
            case .auto:
                break
            }
        }
        if relay.tls == .optional {
            section.note(
                "tls",
                "\(section.path).tls 'optional' stands beside a user, whose secret would go to"
                    + " whoever takes STARTTLS away",
                "write tls: required, which is what is done without tls")
        } else if relay.tls == .never && !relay.isOnThisHost {
            section.warn(
                "tls", "the secret of \(relay.url) crosses the network in clear",
                "write tls: required")
        }
    }

    private func readDKIM(_ section: ConfigurationSection) -> Mail.DKIM? {
        let domain = section.value("domain", .name)
        let selector = section.value("selector", .name)
        let key = section.secretFile("key-file")
        section.finish()
        guard let domain, let selector, let key else {
            section.require(
                ["domain": domain, "selector": selector, "key-file": key],
                "DKIM needs domain, selector and key-file")
            return nil
        }
        let settings = Mail.DKIM(domain: domain, selector: selector, keyFile: key)
        do {
            _ = try DKIMSigner(settings)
        } catch {
            section.note("key-file", "\(key): \(error)", "name an RSA or Ed25519 key in PEM")
        }
        return settings
    }

    private func readSMIME(_ section: ConfigurationSection) -> Mail.SMIME? {
        let certificate = section.readableFile("certificate-file")
        let key = section.secretFile("key-file")
        section.finish()
        guard let certificate, let key else {
            section.require(
                ["certificate-file": certificate, "key-file": key],
                "S/MIME needs certificate-file and key-file")
            return nil
        }
        let settings = Mail.SMIME(certificateFile: certificate, keyFile: key)
        do {
            _ = try SMIMESigner(settings)
        } catch {
            section.note(
                "certificate-file", "\(certificate): \(error)",
                "name a certificate and its key, PEM")
        }
        return settings
    }
}

extension Configuration.Mail.Relay {
    /// Whether what is said to it stays on this host.
    fileprivate var isOnThisHost: Bool {
        host == "localhost" || IPAddress(host)?.isLoopback ?? false
    }
}

extension ConfigurationValue where Value == String {
    /// The addr-spec of RFC 5321, without quoted local parts; its domain becomes ASCII.
    static var mailAddress: Self {
        Self("a mail address", example: "voicemail@example.com") { MailAddress($0)?.text }
    }
}

extension ConfigurationValue where Value == Configuration.Mail.Relay {
    fileprivate static var relay: Self {
        Self(
            "the address of a mail server",
            example: "smtp://mail.example.com:587, smtps://HOST or lmtp://HOST"
        ) { text in
            let usual: [Configuration.Mail.Relay.Scheme: UInt16] = [
                .smtp: 25, .smtps: 465, .lmtp: 24,
            ]
            guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"),
                let scheme = Configuration.Mail.Relay.Scheme(rawValue: String(text[..<colon])),
                let usualPort = usual[scheme]
            else { return nil }
            let rest = String(text[colon...].dropFirst(3))
            if let endpoint = Endpoint(rest) {
                return .init(
                    scheme: scheme, host: "\(endpoint.address)", port: endpoint.port)
            }
            if let address = IPAddress(rest) {
                return .init(scheme: scheme, host: "\(address)", port: usualPort)
            }
            let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard let host = parts.first.map(String.init), parts.count <= 2,
                ConfigurationValue<String>.name.parse(host) != nil
            else { return nil }
            guard parts.count == 2 else {
                return .init(scheme: scheme, host: host, port: usualPort)
            }
            return UInt16(parts[1]).flatMap {
                $0 > 0 ? .init(scheme: scheme, host: host, port: $0) : nil
            }
        }
    }
}
