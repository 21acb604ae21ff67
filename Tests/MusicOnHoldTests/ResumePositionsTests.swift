import MusicOnHold
import Playout
import Primitives
import Testing

@Suite struct ResumePositionsTests {
    private let start = Instant(nanoseconds: 0)
    private func key(_ caller: String) -> ResumePositions.Key {
        .init(caller: caller, className: "default")
    }

    @Test func isFoundAgainOnceAndForgottenInTime() {
        var positions = ResumePositions()
        positions.note(.seconds(7), for: key("a"), keepFor: .seconds(60), now: start)
        positions.note(.seconds(9), for: key("b"), keepFor: .seconds(60), now: start)
        #expect(positions.take(key("a"), now: start + .seconds(59)) == .seconds(7))
        #expect(positions.take(key("a"), now: start + .seconds(59)) == nil)
        #expect(positions.take(key("b"), now: start + .seconds(60)) == nil)
        #expect(positions.count == 0)
    }

    @Test func aLaterPositionReplacesTheEarlier() {
        var positions = ResumePositions()
        positions.note(.seconds(1), for: key("a"), keepFor: .seconds(60), now: start)
        positions.note(.seconds(2), for: key("a"), keepFor: .seconds(60), now: start + .seconds(30))
        #expect(positions.take(key("a"), now: start + .seconds(80)) == .seconds(2))
    }

    @Test func staysWithinItsCapacity() {
        var positions = ResumePositions(capacity: 10)
        for i in 0..<10_000 {
            positions.note(
                .seconds(i), for: key("\(i)"), keepFor: .seconds(60), now: start + .milliseconds(i))
        }
        #expect(positions.count == 10)
        #expect(positions.take(key("9999"), now: start + .seconds(10)) == .seconds(9999))
        #expect(positions.take(key("9000"), now: start + .seconds(10)) == nil)
    }
}
