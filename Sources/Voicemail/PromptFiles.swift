import Glibc

/// Where the phrases and the users' greetings lie: `PROMPTS/LANGUAGE/NAME.*` and `GREETINGS/USER.*`.
package struct PromptFiles: Sendable, Equatable {
    package var prompts: String
    package var greetings: String

    /// In the order in which they are looked for.
    static let extensions = ["wav", "flac", "opus", "ogg", "mp3", "aiff", "au"]

    package init(prompts: String, greetings: String) {
        self.prompts = prompts
        self.greetings = greetings
    }

    /// The file of a phrase in the first of the languages that has it: the one that is asked for
    /// (RFC 5646), it without its region, English.
    /// - Returns: nil when none has it.
    package func file(of phrase: Phrase, in language: String) -> String? {
        for folder in PromptFiles.fallbacks(language) {
            if let file = firstFile("\(prompts)/\(folder)/\(phrase.rawValue)") { return file }
        }
        return nil
    }

    /// The user's own greeting: `USER-temporary.*` where there is one, `USER-REASON.*` (`busy`,
    /// `no-answer`, `unconditional`), else `USER.*`.
    package func greeting(of user: String, variants: [String]) -> String? {
        guard PromptFiles.isFileName(user) else { return nil }
        for variant in variants {
            if let file = firstFile("\(greetings)/\(user)-\(variant)") { return file }
        }
        return firstFile("\(greetings)/\(user)")
    }

    static func fallbacks(_ language: String) -> [String] {
        let language = language.lowercased()
        let plain = language.split { $0 == "-" || $0 == "_" }.first.map(String.init) ?? ""
        var all: [String] = []
        for name in [language, plain, "en"] where isFileName(name) && !all.contains(name) {
            all.append(name)
        }
        return all
    }

    private static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && name.utf8.first != UInt8(ascii: ".")
            && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
    }

    private func firstFile(_ stem: String) -> String? {
        for name in PromptFiles.extensions {
            let path = "\(stem).\(name)"
            if access(path, R_OK) == 0 { return path }
        }
        return nil
    }
}
