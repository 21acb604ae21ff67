package import Mailer
internal import Primitives

extension MailerSettings {
    /// What the file says to the mailer.
    package init(_ configuration: Configuration) {
        let mail = configuration.mail
        let name = configuration.node.name
        self.init(
            helloName: name.contains(".") ? name : "\(name).\(configuration.domain)",
            postmaster: mail.postmaster)
        relays = mail.relays.map(RelaySettings.init)
        if let maildir = mail.maildir { self.maildir = maildir }
        backOff.first = mail.retry.first
        backOff.factor = mail.retry.factor
        backOff.maximum = mail.retry.maximum
        givesUpAfter = mail.retry.givesUpAfter
        alarmAfter = mail.alarmAfter
        keepsFor = configuration.voicemail.keepsDiscardedFor
        tracesFor = mail.tracesFor
        maximumTraceSize = mail.maximumTraceSize
        webhookTimeout = mail.webhookTimeout
        webhookKeyFile = mail.webhookKeyFile
        transcription = configuration.voicemail.transcribe.map {
            Transcription(
                command: $0, timeLimit: configuration.voicemail.transcribeTime,
                parallel: configuration.voicemail.transcribeAtOnce)
        }
    }
}

extension RelaySettings {
    fileprivate init(_ relay: Configuration.Mail.Relay) {
        let scheme: Scheme =
            switch relay.scheme {
            case .smtp: .smtp
            case .smtps: .smtps
            case .lmtp: .lmtp
            }
        self.init(scheme: scheme, host: relay.host, port: relay.port)
        tls =
            switch relay.tls {
            case .required: .required
            case .optional: .optional
            case .never: .never
            }
        caFile = relay.caFile
        priority = relay.priority
        maximumConnections = relay.maximumConnections
        timeout = relay.timeout
        guard relay.authentication != .none else { return }
        user = relay.user
        secret =
            relay.passwordFile.map(Secret.passwordFile)
            ?? relay.tokenFile.map(Secret.tokenFile) ?? relay.tokenCommand.map(Secret.tokenCommand)
        let takesToken = relay.passwordFile == nil && secret != nil
        authentication =
            switch relay.authentication {
            case .auto: takesToken ? .xoauth2 : .automatic
            case .plain: .plain
            case .login: .login
            case .cramMD5: .cramMD5
            case .xoauth2, .none: .xoauth2
            case .oauthbearer: .oauthbearer
            }
    }
}
