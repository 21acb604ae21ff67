package import Directory
internal import Foundation
internal import MusicOnHold
internal import SIP

/// Why a call would hear a class: what `intermezzo explain` prints.
package struct Explanation: Sendable, Codable, Equatable {
    package struct Step: Sendable, Codable, Equatable {
        package var rule: String
        package var className: String
        package var exists: Bool

        /// For people: the rule, or why it does not count.
        package var text: String {
            if exists { return rule }
            return rule == ClassChoice.Rule.userFiles.rawValue
                ? "the user has no files of their own" : rule + ", but it does not exist"
        }
    }

    package var className: String
    package var rule: String
    /// Every rule that names a class for the call, the strongest first.
    package var steps: [Step]

    /// - Returns: nil when `uri` is no SIP address of music.
    package init?(
        uri: String, from: String?, called: String?, _ configuration: Configuration
    ) throws(DirectoryError) {
        guard let dialled = URI(uri)?.user, ClassChoice.isMusic(dialled) else { return nil }
        let choice = ClassChoice(
            defaultClass: configuration.music.defaultClass, called: configuration.music.called,
            classes: MediaSurvey.classes(configuration))
        let caller = from.flatMap { URI($0)?.user ?? $0 }
        let user = try Explanation.user(caller, configuration)
        let call = ClassChoice.Call(
            dialled: dialled, user: user?.name ?? caller, userClass: user?.musicClass,
            called: called)
        let decision = choice.decide(call)
        className = decision.className
        rule = decision.rule.rawValue
        steps = choice.named(by: call).map {
            Step(
                rule: $0.rule.rawValue, className: $0.className,
                exists: choice.classes.contains($0.className))
        }
        steps.append(
            Step(
                rule: ClassChoice.Rule.defaultClass.rawValue, className: choice.defaultClass,
                exists: true))
    }

    /// As the directory's file says now; nobody before there is one.
    private static func user(
        _ caller: String?, _ configuration: Configuration
    ) throws(DirectoryError) -> User? {
        let path = configuration.directory.sqlite
        guard let key = caller.flatMap({ UserKey($0) }),
            FileManager.default.fileExists(atPath: path)
        else { return nil }
        return try SQLiteDirectory(path: path, makes: false).userNow(key)
    }
}
