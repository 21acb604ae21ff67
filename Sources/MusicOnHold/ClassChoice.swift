/// Which class of music a call hears: one precedence, the same for calls and for
/// `intermezzo explain`.
///
/// 1. the address: `moh-CLASS`
/// 2. the user on whose behalf the call is made: the user's own files, then the user's profile
/// 3. the number that was called: `music.called`
/// 4. `music.default-class`
///
/// A class that is named but does not exist is passed over, and the next rule decides.
package struct ClassChoice: Sendable {
    /// The reason why a class was chosen.
    package enum Rule: String, Sendable, CaseIterable {
        case address = "the address names it"
        case userFiles = "the user has files of their own"
        case user = "the user's profile"
        case calledNumber = "music.called names it for the called number"
        case defaultClass = "music.default-class"
    }

    /// What a call says of itself.
    package struct Call: Sendable {
        /// The user part of the Request-URI: `moh` or `moh-CLASS`.
        package var dialled: String
        /// The one on whose behalf the call is made: the user's name, as far as the directory knows
        /// it, else the user part of the address.
        package var user: String?
        /// The class that the user's profile names.
        package var userClass: String?
        /// The number that the outside caller dialled, where the request tells it.
        package var called: String?

        package init(
            dialled: String, user: String? = nil, userClass: String? = nil, called: String? = nil
        ) {
            self.dialled = dialled
            self.user = user
            self.userClass = userClass
            self.called = called
        }
    }

    package struct Decision: Sendable, Equatable {
        package var className: String
        package var rule: Rule
        /// Classes that a rule named although they don't exist, with that rule.
        package var missing: [Missing] = []

        package struct Missing: Sendable, Equatable {
            package var className: String
            package var rule: Rule

            package init(className: String, rule: Rule) {
                self.className = className
                self.rule = rule
            }
        }
    }

    package var defaultClass: String
    package var called: [String: String]
    /// The classes there are, configured or found in the media directory; those of single users
    /// are named ``userClass(_:)``.
    package var classes: Set<String>

    package init(
        defaultClass: String, called: [String: String] = [:], classes: Set<String>
    ) {
        self.defaultClass = defaultClass
        self.called = called
        self.classes = classes
    }

    /// The class that `Media/users/USER/` makes.
    package static func userClass(_ user: String) -> String { "users/\(user)" }

    /// Whether the user part of a Request-URI asks for music at all.
    package static func isMusic(_ userPart: String) -> Bool {
        userPart == "moh" || userPart.hasPrefix("moh-")
    }

    /// Whether the address alone decides, so that nobody need ask who the user is.
    package func isDecidedByAddress(_ call: Call) -> Bool {
        decide(Call(dialled: call.dialled)).rule == .address
    }

    package func decide(_ call: Call) -> Decision {
        var missing: [Decision.Missing] = []
        for (rule, named) in named(by: call) {
            if classes.contains(named) {
                return Decision(className: named, rule: rule, missing: missing)
            }
            // Most users have no files of their own: that is no fault to report.
            if rule != .userFiles { missing.append(.init(className: named, rule: rule)) }
        }
        return Decision(className: defaultClass, rule: .defaultClass, missing: missing)
    }

    /// Every rule that names a class for the call, the strongest first.
    package func named(by call: Call) -> [(rule: Rule, className: String)] {
        var named: [(rule: Rule, className: String)] = []
        if call.dialled.hasPrefix("moh-") {
            let name = String(call.dialled.dropFirst("moh-".count))
            // A slash makes the classes of single users, which nobody else asks for.
            if !name.utf8.contains(UInt8(ascii: "/")) { named.append((.address, name)) }
        }
        if let user = call.user { named.append((.userFiles, ClassChoice.userClass(user))) }
        if let profile = call.userClass { named.append((.user, profile)) }
        if let number = call.called, let mapped = called[number] {
            named.append((.calledNumber, mapped))
        }
        return named
    }
}
