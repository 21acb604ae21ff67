internal import Foundation
internal import Primitives
internal import Spool

/// What templates can say.
struct TemplateContext {
    /// Texts, truths and what is absent.
    let values: [String: Any]

    /// - Parameter isAttached: whether the mail has the recording; nil when it was not asked for.
    init(_ content: MailContent, caller: Caller, isTooLarge: Bool) {
        let envelope = content.envelope
        let addressee = envelope.addressee
        let clock = LocalTime(language: addressee.language, timeZone: addressee.timeZone)
        let link = TemplateContext.link(content, isTooLarge: isTooLarge)
        let samples = envelope.samples ?? 0
        var values: [String: Any] = [
            "called": VisibleText.line(envelope.called),
            "user": VisibleText.line(addressee.displayName ?? addressee.user),
            "when": clock.whole(envelope.began),
            "shortWhen": clock.short(envelope.began),
            "date": clock.date(envelope.began),
            "time": clock.time(envelope.began),
            "length": TemplateContext.length(of: samples, at: envelope.sampleRate),
            "seconds": samples / max(1, envelope.sampleRate),
            "id": envelope.id.description,
            "urgent": envelope.isUrgent,
            "interrupted": envelope.ending == .interrupted,
            "missed": content.form == .missedCall || content.isMissedCall,
            "tooLarge": isTooLarge,
            "direct": envelope.reason == .direct,
            "busy": envelope.reason == .busy,
            "noAnswer": envelope.reason == .noAnswer,
            "unconditional": envelope.reason == .unconditional,
            "notReachable": envelope.reason == .notReachable,
        ]
        values["name"] = caller.name
        values["number"] = caller.number
        values["caller"] = caller.shown
        values["callerAndNumber"] =
            caller.name.flatMap { name in
                caller.number.map { "\(name) (\($0))" }
            } ?? caller.shown
        values["tel"] = caller.dialable
        values["link"] = link
        values["linkExpires"] = link == nil ? nil : content.linkExpires.map(clock.whole)
        values["transcript"] = content.transcript.map { VisibleText.block($0) }
            .flatMap { $0.isEmpty ? nil : $0 }
        self.values = values
    }

    /// The link where it is wanted, or is all that is left of the recording.
    static func link(_ content: MailContent, isTooLarge: Bool) -> String? {
        switch content.envelope.addressee.attachment {
        case .link, .both: content.link
        case .attach, .neither: isTooLarge ? content.link : nil
        }
    }

    /// Every name that a template may use.
    private static let names: Set<String> = [
        "called", "user", "when", "shortWhen", "date", "time", "length", "seconds", "id", "urgent",
        "interrupted", "missed", "tooLarge", "direct", "busy", "noAnswer", "unconditional",
        "notReachable", "name", "number", "caller", "callerAndNumber", "tel", "link",
        "linkExpires", "transcript", ".",
    ]

    /// Names in the tags of `template` that mean nothing, each with its line.
    static func unknownNames(in template: String) -> [(name: String, line: Int)] {
        var unknown: [(name: String, line: Int)] = []
        for (index, line) in template.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            for part in line.components(separatedBy: "{{").dropFirst() {
                let tag = (part.components(separatedBy: "}}").first ?? "")
                    .trimmingCharacters(in: .whitespaces)
                // Comments and settings say what they like.
                if tag.hasPrefix("!") || tag.hasPrefix("%") || tag.hasPrefix("=") { continue }
                let name = tag.trimmingCharacters(in: CharacterSet(charactersIn: "#^/&{} "))
                if !names.contains(name) { unknown.append((name, index + 1)) }
            }
        }
        return unknown
    }

    /// `1 h 2 min 5 s`: the symbols are the same in all languages (SI).
    static func length(of samples: Int, at rate: Int) -> String {
        let seconds = max(0, (samples + rate / 2) / max(1, rate))
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")]
            .filter { $0.0 > 0 }
        return parts.isEmpty ? "0 s" : parts.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }
}
