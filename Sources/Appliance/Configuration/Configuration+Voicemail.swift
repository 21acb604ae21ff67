internal import AudioLibrary
internal import Foundation
package import Primitives
internal import SIP
package import Spool

extension Configuration {
    /// What `voicemail` says.
    package struct Voicemail: Sendable, Equatable {
        package enum Format: Sendable { case wav, flac, mp3, opus, g711 }

        /// Which entry of Diversion (RFC 5806) or History-Info (RFC 7044) names the mailbox.
        package enum HistoryEntry: Sendable {
            /// Whom the caller dialled first.
            case first
            /// Who diverted the call last.
            case last
        }

        /// A recording that is fetched by HTTP in place of an attachment.
        package struct Link: Sendable, Equatable {
            /// Where it is served, in clear: TLS is a proxy's; nil: not by this process.
            package var listen: Endpoint?
            /// Without a slash at its end.
            package var baseURL: String
            package var expiry: Interval
            /// Its octets sign the links; nil: a key that is made in the spool.
            package var keyFile: String?
        }

        package var spool = "var/spool"
        package var maximumLength: Interval = .seconds(180)
        package var minimumLength: Interval = .seconds(2)
        package var maximumSilence: Interval = .seconds(10)
        package var format = Format.wav
        /// Of users who have set none.
        package var attachment = Addressee.Attachment.attach
        /// Status code for a mailbox that is full or disabled, after its announcement: 480 or 486.
        package var fullResponse = 480
        package var historyEntry = HistoryEntry.first
        /// SIP address that key 0 leads to.
        package var `operator`: String?
        /// Octets of the spool's disk that are kept free: below it no call is taken.
        package var reserve = 500 << 20
        /// Recordings at once.
        package var maximumRecordings = 500
        /// How long what was not mailed (silence, tones, too short) is kept.
        package var keepsDiscardedFor: Interval = .seconds(7 * 86_400)
        package var sendsMissedCallMail = false
        /// Command that reads a WAV file on its standard input and prints its words.
        package var transcribe: String?
        package var transcribeTime: Interval = .seconds(60)
        package var transcribeAtOnce = 2
        /// Of users who have set none.
        package var language = "en"
        /// Directory with a folder of prompts per language.
        package var prompts = "Media/prompts"
        /// Directory of `USER.*`.
        package var greetings = "Media/greetings"
        /// Messages in a mailbox above which it is full.
        package var mailboxMessages = 100
        package var link: Link?
    }

    mutating func readVoicemail(_ section: ConfigurationSection) {
        voicemail.spool = section.value("spool", .text, default: voicemail.spool)
        voicemail.maximumLength = section.value(
            "max-length", .duration(.seconds(1) ... .seconds(7200)),
            default: voicemail.maximumLength)
        voicemail.minimumLength = section.value(
            "min-length", .duration(.zero ... .seconds(60)), default: voicemail.minimumLength)
        if voicemail.minimumLength >= voicemail.maximumLength {
            section.note(
                "min-length", "voicemail.min-length is not below voicemail.max-length",
                "lower the one or raise the other")
        }
        voicemail.maximumSilence = section.value(
            "max-silence", .duration(.seconds(1) ... .seconds(7200)),
            default: voicemail.maximumSilence)
        voicemail.format = section.value(
            "format",
            .oneOf(["wav": .wav, "flac": .flac, "mp3": .mp3, "opus": .opus, "g711": .g711]),
            default: voicemail.format)
        voicemail.attachment = section.value(
            "attachment",
            .oneOf([
                "attach": .attach, "link": .link, "both": .both,
                "neither": Addressee.Attachment.neither,
            ]), default: voicemail.attachment)
        voicemail.fullResponse = section.value(
            "full-response", .oneOf(["480": 480, "486": 486]), default: voicemail.fullResponse)
        voicemail.historyEntry = section.value(
            "history-entry", .oneOf(["first": .first, "last": .last]),
            default: voicemail.historyEntry)
        voicemail.operator = section.value("operator", .sipAddress)
        voicemail.reserve = section.value(
            "reserve", .octets(0...1 << 50), default: voicemail.reserve)
        if voicemail.reserve < 10 << 20 {
            section.warn(
                "reserve", "voicemail.reserve leaves no room for what is being said",
                "keep 10M or more free")
        }
        voicemail.maximumRecordings = section.value(
            "max-recordings", .number(1...10_000), default: voicemail.maximumRecordings)
        voicemail.keepsDiscardedFor = section.value(
            "keep-discarded", .duration(.zero ... .seconds(366 * 86_400)),
            default: voicemail.keepsDiscardedFor)
        voicemail.sendsMissedCallMail = section.value(
            "missed-call-mail", .flag, default: voicemail.sendsMissedCallMail)
        voicemail.transcribe = section.value("transcribe", .text)
        voicemail.transcribeTime = section.value(
            "transcribe-time", .duration(.seconds(1) ... .seconds(3600)),
            default: voicemail.transcribeTime)
        voicemail.transcribeAtOnce = section.value(
            "transcribe-at-once", .number(1...32), default: voicemail.transcribeAtOnce)
        voicemail.language = section.value("language", .language, default: voicemail.language)
        // Other music brings its own prompts and greetings.
        voicemail.prompts = section.value(
            "prompts", .text, default: audio.mediaDirectory + "/prompts")
        voicemail.greetings = section.value(
            "greetings", .text, default: audio.mediaDirectory + "/greetings")
        voicemail.mailboxMessages = section.value(
            "mailbox-messages", .number(1...100_000), default: voicemail.mailboxMessages)
        if let link = section.optionalSection("link") {
            voicemail.link = readLink(link)
        } else if [.link, .both].contains(voicemail.attachment) {
            section.note(
                "attachment", "voicemail.attachment wants links, and there is no voicemail.link",
                "add link: {base-url: \"https://voicemail.example.com\"}")
        }
        section.finish()
    }

    private func readLink(_ section: ConfigurationSection) -> Voicemail.Link? {
        let listen = section.value(
            "listen", .endpointOrOff, default: Endpoint(.loopbackV4, port: 8081))
        if let listen, let admin, listen.collides(with: admin) {
            section.note(
                "listen", "voicemail.link.listen \(listen) is the port of admin.listen \(admin)",
                "move one of the two")
        }
        let base = section.value("base-url", .httpAddress)
        let expiry = section.value(
            "expiry", .duration(.seconds(3600) ... .seconds(366 * 86_400)),
            default: .seconds(14 * 86_400))
        let key = section.secretFile("key-file", atLeast: 16)
        section.finish()
        guard let base else {
            section.require(
                ["base-url": base], "write the address of the proxy before voicemail.link.listen")
            return nil
        }
        if base.hasPrefix("http:") {
            section.warn(
                "base-url", "recordings are fetched without encryption",
                "put an HTTPS proxy before the appliance and write https://")
        }
        return .init(listen: listen, baseURL: base, expiry: expiry, keyFile: key)
    }
}

extension ConfigurationValue where Value == String {
    /// A SIP or SIPS address.
    fileprivate static var sipAddress: Self {
        Self("a SIP address", example: "sip:operator@example.com") { text in
            URI(text).flatMap { $0.scheme.isSIP && $0.user != nil ? text : nil }
        }
    }

    /// A language, perhaps with a country.
    fileprivate static var language: Self {
        Self("a language", example: "en, or de-AT") { text in
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            let isLanguage =
                (1...2).contains(parts.count) && (2...3).contains(parts[0].count)
                && parts.allSatisfy { part in
                    !part.isEmpty && part.utf8.count <= 8
                        && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
                }
            return isLanguage ? text : nil
        }
    }

    /// The beginning of HTTP addresses; a slash at its end is dropped.
    fileprivate static var httpAddress: Self {
        Self("an HTTP address", example: "https://voicemail.example.com") { text in
            guard let url = URL(string: text), let scheme = url.scheme, let host = url.host(),
                ["http", "https"].contains(scheme), !host.isEmpty, url.query() == nil,
                url.fragment() == nil
            else { return nil }
            return text.hasSuffix("/") ? String(text.dropLast()) : text
        }
    }
}
