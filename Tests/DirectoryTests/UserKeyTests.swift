import Directory
import Testing

@Suite struct UserKeyTests {
    @Test(arguments: [
        ("alice", "Alice"), ("ALICE", "alice"), ("müller", "MÜLLER"), ("mu\u{308}ller", "müller"),
        ("+15550100", "+1 (555) 0100"), ("201", "201"),
    ])
    func sameFirstCandidateOrDigits(_ a: String, _ b: String) throws {
        let first = try #require(UserKey(a))
        let second = try #require(UserKey(b))
        #expect(!Set(first.candidates).isDisjoint(with: second.candidates))
    }

    @Test(arguments: [
        ("alice", "alicia"), ("001", "1"), ("0049", "49"), ("*21", "21"), ("+201", "201"),
        ("0301234567", "301234567"), ("straße", "strasse"),
    ])
    func others(_ a: String, _ b: String) throws {
        let first = try #require(UserKey(a))
        let second = try #require(UserKey(b))
        #expect(Set(first.candidates).isDisjoint(with: second.candidates))
    }

    @Test(arguments: [
        ("+1-555-0100", "15550100"), ("001 555.0100", "15550100"), ("15550100", "15550100"),
        ("030/1234567", "0301234567"), ("+49\u{a0}30\u{202f}1234567", "49301234567"),
        ("00", "00"), ("0012345", "0012345"), ("0", "0"), ("+12", "+12"),
    ])
    func digits(_ text: String, _ digits: String) { #expect(UserKey.digits(text) == digits) }

    @Test(arguments: ["", "+", "-", "alice", "*21#", "1a", "１２３", "++15550100"])
    func isNoNumber(_ text: String) { #expect(UserKey.digits(text) == nil) }

    @Test(arguments: ["", "a\u{0}b", "a\r\nb", String(repeating: "a", count: 129)])
    func isNobody(_ text: String) { #expect(UserKey(text) == nil) }
}
