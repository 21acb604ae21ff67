extension Wording {
    /// The built-in text of a template, as an operator may copy and change it.
    func text(of template: MailTemplates.Name) -> String {
        switch template {
        case .subject: "\(headline){{^missed}} ({{length}}){{/missed}}\n"
        case .short:
            "\(headline){{#number}}{{#name}} {{number}}{{/name}}{{/number}}, "
                + "{{shortWhen}}{{^missed}}, {{length}}{{/missed}}\n"
        case .text: plain
        case .html: html
        }
    }

    private var headline: String {
        "{{#urgent}}\(urgent): {{/urgent}}{{#missed}}\(missedCallFrom){{/missed}}"
            + "{{^missed}}\(voicemailFrom){{/missed}}"
            + "{{#caller}}{{caller}}{{/caller}}{{^caller}}\(unknownCaller){{/caller}}"
    }

    private var callerOrUnknown: String {
        "{{#caller}}{{callerAndNumber}}{{/caller}}{{^caller}}\(unknownCaller){{/caller}}"
    }

    /// Sections that hold a sentence each.
    private var sentences: [(section: String, sentence: String)] {
        [
            ("urgent", isUrgent), ("busy", busy), ("noAnswer", noAnswer),
            ("unconditional", unconditional), ("notReachable", notReachable),
            ("interrupted", interrupted), ("tooLarge", tooLarge),
        ]
    }

    private var plain: String {
        """
        \(caller): \(callerOrUnknown)
        \(called): {{called}}
        \(when): {{when}}
        {{^missed}}
        \(length): {{length}}
        {{/missed}}

        \(sentences.map { "{{#\($0.section)}}\n\($0.sentence)\n{{/\($0.section)}}" }
            .joined(separator: "\n"))
        {{#link}}

        \(listen):
        {{link}}
        {{#linkExpires}}
        \(linkExpires)
        {{/linkExpires}}
        {{/link}}
        {{#transcript}}

        \(transcript):

        {{transcript}}
        {{/transcript}}

        """
    }

    private var html: String {
        func row(_ label: String, _ value: String) -> String {
            "<tr><th align=\"left\">\(label)</th><td>\(value)</td></tr>"
        }
        let number = "{{#tel}}<a href=\"tel:{{tel}}\">\(callerOrUnknown)</a>{{/tel}}"
        return """
            <!DOCTYPE html>
            <html lang="\(language)">
            <head><meta charset="utf-8"><title>\(headline)</title></head>
            <body style="font-family: sans-serif">
            <table cellpadding="4">
            \(row(caller, number + "{{^tel}}\(callerOrUnknown){{/tel}}"))
            \(row(called, "{{called}}"))
            \(row(when, "{{when}}"))
            {{^missed}}
            \(row(length, "{{length}}"))
            {{/missed}}
            </table>
            \(sentences.map { "{{#\($0.section)}}\n<p>\($0.sentence)</p>\n{{/\($0.section)}}" }
                .joined(separator: "\n"))
            {{#link}}
            <p><a href="{{link}}">\(listen)</a>{{#linkExpires}}<br>\(linkExpires){{/linkExpires}}</p>
            {{/link}}
            {{#transcript}}
            <h4>\(transcript)</h4>
            <p style="white-space: pre-line">{{transcript}}</p>
            {{/transcript}}
            </body>
            </html>

            """
    }
}
