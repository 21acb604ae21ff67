internal import MusicOnHold
internal import SIP

/// Why a call would hear a class: what `intermezzo explain` prints.
package struct Explanation: Sendable, Codable, Equatable {
    package struct Step: Sendable, Codable, Equatable {
        package var rule: String
        package var className: String
        package var exists: Bool
    }

    package var className: String
    package var rule: String
    /// Every rule that names a class for the call, the strongest first.
    package var steps: [Step]

    /// - Returns: nil when `uri` is no SIP address of music.
    package init?(uri: String, from: String?, called: String?, _ configuration: Configuration) {
        guard let user = URI(uri)?.user, ClassChoice.isMusic(user) else { return nil }
        let choice = ClassChoice(
            defaultClass: configuration.music.defaultClass, users: configuration.music.users,
            called: configuration.music.called, classes: MediaSurvey.classes(configuration))
        let call = ClassChoice.Call(
            dialled: user, user: from.flatMap { URI($0)?.user ?? $0 }, called: called)
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
}
