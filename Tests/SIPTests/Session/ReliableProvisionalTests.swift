import Primitives
import SIP
import Testing

struct ReliableProvisionalTests {
    static let zero = Instant(nanoseconds: 0)

    @Test func doublesItsGapUntilItGivesUp() throws {
        var machine = ReliableProvisional<Int>(firstSequence: 7, t1: .milliseconds(500))
        machine.sent(183, now: Self.zero)
        var resent: [Double] = []
        var gaveUp: Double?
        while let deadline = machine.deadline {
            switch machine.advance(to: deadline) {
            case .resend: resent.append((deadline - Self.zero).seconds)
            case .timedOut: gaveUp = (deadline - Self.zero).seconds
            case nil: Issue.record("nothing due at the deadline")
            }
        }
        #expect(resent == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5])
        #expect(gaveUp == 32)
    }

    @Test func onlyTheRightPRACKStopsIt() {
        var machine = ReliableProvisional<Int>(firstSequence: 0x8000_0000, t1: .milliseconds(500))
        #expect(machine.sequence == 1)
        machine.sent(180, now: Self.zero)
        let wrong = machine.acknowledge(2)
        #expect(!wrong && machine.isPending)
        let right = machine.acknowledge(1)
        let again = machine.acknowledge(1)
        #expect(right && !again)
        #expect(machine.deadline == nil)
        #expect(machine.sequence == 2)
    }

    @Test func theReceiverTakesEachOnceAndInOrder() {
        var receiver = ReliableProvisionalReceiver()
        let taken = [5, 5, 7, 6, 5, 7, .max].map { receiver.accept($0) }
        #expect(taken == [true, false, false, true, false, true, false])
    }
}
