import ArgumentParser
import Foundation
import Mail

struct MailTemplatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "templates",
        abstract: "Write the built-in templates to a directory, to be changed there.",
        discussion: """
            Files that are there already stay as they are. Delete what you don't change: the \
            built-in template is used then, with its later improvements. Name the directory as \
            mail.templates.
            """)

    @Option(help: "One language alone.") var language: String?
    @Argument var directory: String

    func validate() throws {
        guard let language, !MailTemplates.builtInLanguages.contains(language) else { return }
        throw ValidationError(
            "no templates are built in for '\(language)', but for "
                + MailTemplates.builtInLanguages.joined(separator: ", "))
    }

    func run() throws {
        let manager = FileManager.default
        for language in language.map({ [$0] }) ?? MailTemplates.builtInLanguages {
            let folder = "\(directory)/\(language)"
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in MailTemplates.Name.allCases {
                let path = "\(folder)/\(name.rawValue).mustache"
                guard !manager.fileExists(atPath: path) else {
                    standardError("\(path) is there already")
                    continue
                }
                let text = MailTemplates.builtInText(of: name, language: language) ?? ""
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                print(path)
            }
        }
    }
}
