import Primitives
import Spool
import Testing

@Suite struct MessageIdentifierTests {
    @Test func isAFileNameWhateverTheNodeIsCalled() {
        let id = MessageIdentifier(
            at: WallClockTime(nanoseconds: 1_800_000_000_000_000_000), node: "../a b\u{0}é1",
            random: 35)
        #expect(id.description == "6b49d200-ab1-z")
        #expect(MessageIdentifier(id.description) == id)
    }

    @Test(arguments: ["", ".", "..", "a/b", "a\u{0}", "ä", String(repeating: "a", count: 129)])
    func refusesWhatIsNoIdentifier(_ text: String) {
        #expect(MessageIdentifier(text) == nil)
    }
}
