internal import FoundationEssentials
internal import Glibc
internal import Mustache

/// What mails say: mustache templates for each language, built in and an operator's own.
package struct MailTemplates: Sendable {
    /// One of the four templates of a language; its file is `LANGUAGE/NAME.mustache`.
    package enum Name: String, Sendable, CaseIterable {
        case subject
        /// The body in plain text.
        case text
        case html
        /// For pagers and SMS gateways; what is over 160 characters is cut off.
        case short
    }

    /// Everything that is wrong with a directory of templates.
    package struct Faults: Error, CustomStringConvertible {
        /// Each as `FILE:LINE:COLUMN: what`, or `FILE: what`.
        package var list: [String]
        package var description: String { list.joined(separator: "\n") }
    }

    private var languages: [String: [Name: MustacheTemplate]] = [:]

    /// The built-in ones: English, German, French, Spanish and Italian.
    package static let builtIn: MailTemplates = {
        var templates = MailTemplates()
        for wording in Wording.all {
            for name in Name.allCases {
                templates.languages[wording.language, default: [:]][name] =
                    try? MailTemplates.parse(wording.text(of: name), name)
            }
        }
        return templates
    }()

    /// The built-in text of a template; nil for a language that is not built in.
    package static func builtInText(of name: Name, language: String) -> String? {
        Wording.all.first { $0.language == language }?.text(of: name)
    }

    /// Languages that there are built in.
    package static let builtInLanguages = Wording.all.map(\.language)

    private init() {}

    /// The built-in ones, and in front of them those of `directory`: `de/subject.mustache` and the
    /// like, `de-ch/…` for a region. A language that is not built in needs all four.
    package init(directory: String) throws(Faults) {
        self = .builtIn
        var faults: [String] = []
        let manager = FileManager.default
        do {
            for language in try manager.contentsOfDirectory(atPath: directory).sorted()
            where !language.hasPrefix(".") {
                let folder = "\(directory)/\(language)"
                var isDirectory = false
                guard manager.fileExists(atPath: folder, isDirectory: &isDirectory), isDirectory
                else { continue }
                try read(
                    folder, files: try manager.contentsOfDirectory(atPath: folder).sorted(),
                    language: language.lowercased(), faults: &faults)
            }
        } catch {
            // The error's own words are for programmers.
            let cause =
                access(directory, R_OK | X_OK) == 0
                ? "\(error)" : String(cString: strerror(errno))
            faults.append("\(directory) can't be read: \(cause)")
        }
        guard faults.isEmpty else { throw Faults(list: faults) }
    }

    private mutating func read(
        _ folder: String, files: [String], language: String, faults: inout [String]
    ) throws {
        var own: [Name: MustacheTemplate] = [:]
        for file in files where file.hasSuffix(".mustache") && !file.hasPrefix(".") {
            let path = "\(folder)/\(file)"
            guard let name = Name(rawValue: String(file.dropLast(".mustache".count))) else {
                let names = Name.allCases.map(\.rawValue).joined(separator: ", ")
                faults.append("\(path): no mail uses it; the templates are \(names)")
                continue
            }
            let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
            do {
                own[name] = try MailTemplates.parse(text, name)
                faults += TemplateContext.unknownNames(in: text).map {
                    "\(path):\($0.line): there is no '\($0.name)'"
                }
            } catch let error as MustacheTemplate.ParserError {
                // The first line of what was parsed is ours.
                let place = "\(error.context.lineNumber - 1):\(error.context.columnNumber)"
                faults.append("\(path):\(place): \(MailTemplates.words(for: error.error))")
            }
        }
        guard !own.isEmpty else { return }
        let base = languages[language] ?? languages[MailTemplates.withoutRegion(language)]
        let merged = (base ?? [:]).merging(own) { $1 }
        for name in Name.allCases where merged[name] == nil {
            faults.append("\(folder)/\(name.rawValue).mustache: it is missing")
        }
        languages[language] = merged
    }

    /// What the library means by the commonest of its errors.
    private static func words(for error: any Error) -> String {
        let name = "\(error)"
        let words = [
            "overflow": "a tag is not closed by }}",
            "expectedSectionEnd": "a section has no end {{/…}}",
            "sectionCloseNameIncorrect": "the end {{/…}} is of another section",
        ]
        return words[name] ?? name
    }

    /// What a template says.
    ///
    /// - Parameter language: RFC 5646; without templates for it those without its region are used,
    ///   then the English ones.
    func render(_ name: Name, language: String, _ context: TemplateContext) -> String {
        let tag = language.lowercased()
        let templates =
            languages[tag] ?? languages[MailTemplates.withoutRegion(tag)] ?? languages["en"]
        return templates?[name]?.render(context.values) ?? ""
    }

    private static func withoutRegion(_ tag: String) -> String {
        String(tag.prefix { $0 != "-" && $0 != "_" })
    }

    private static func parse(_ text: String, _ name: Name) throws -> MustacheTemplate {
        MustacheContentTypes.register(HTMLText(), named: "HTML-TEXT")
        let type = name == .html ? "HTML-TEXT" : "TEXT"
        return try MustacheTemplate(string: "{{% CONTENT_TYPE:\(type)}}\n\(text)")
    }
}

/// HTML's own characters as references, wherever they stand. Mustache's own does so by grapheme
/// clusters, and lets a `<` with an accent on it pass.
private struct HTMLText: MustacheContentType {
    func escapeText(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<", ">", "&", "\"", "'":
                escaped.append(contentsOf: "&#\(scalar.value);".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
