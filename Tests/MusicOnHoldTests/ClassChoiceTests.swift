import MusicOnHold
import Testing

@Suite struct ClassChoiceTests {
    let choice = ClassChoice(
        defaultClass: "default", called: ["+15550100": "sales"],
        classes: ["default", "jazz", "sales", "users/carol", "users/dave"])

    /// The classes that the users' profiles name.
    let profiles = ["alice": "jazz", "bob": "gone", "carol": "jazz"]

    @Test(
        arguments: [
            ("moh-sales", "alice", nil, "sales", ClassChoice.Rule.address),
            ("moh", "alice", "+15550100", "jazz", .user),
            ("moh", "carol", "+15550100", "users/carol", .userFiles),
            ("moh", "erin", "+15550100", "sales", .calledNumber),
            ("moh", nil, nil, "default", .defaultClass),
            ("moh", "bob", "+15550100", "sales", .calledNumber),
            ("moh-none", "alice", nil, "jazz", .user),
        ] as [(String, String?, String?, String, ClassChoice.Rule)])
    func precedence(
        dialled: String, user: String?, called: String?, className: String, rule: ClassChoice.Rule
    ) {
        let decision = choice.decide(
            .init(
                dialled: dialled, user: user, userClass: user.flatMap { profiles[$0] },
                called: called))
        #expect(decision.className == className)
        #expect(decision.rule == rule)
    }

    @Test func namesWhatIsMissing() {
        let decision = choice.decide(
            .init(dialled: "moh-none", user: "bob", userClass: "gone"))
        #expect(
            decision.missing == [
                .init(className: "none", rule: .address), .init(className: "gone", rule: .user),
            ])
        #expect(decision.className == "default")
    }

    @Test(arguments: [("moh", false), ("moh-sales", true), ("moh-none", false)])
    func whatTheAddressDecides(userPart: String, decides: Bool) {
        #expect(choice.isDecidedByAddress(.init(dialled: userPart, user: "alice")) == decides)
    }

    @Test(arguments: [("moh", true), ("moh-", true), ("mohawk", false), ("vm-alice", false)])
    func whatIsMusic(userPart: String, isMusic: Bool) {
        #expect(ClassChoice.isMusic(userPart) == isMusic)
    }
}
