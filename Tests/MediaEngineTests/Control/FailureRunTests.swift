import MediaEngine
import Primitives
import Testing

@Suite struct FailureRunTests {
    private func at(_ milliseconds: Int) -> Instant {
        Instant(nanoseconds: 0) + .milliseconds(milliseconds)
    }

    @Test func severalOverTwoSecondsAreReportedOnce() {
        var run = FailureRun()
        let reported = stride(from: 1000, to: 8000, by: 20).filter { run.fail(at: at($0)) }
        #expect(reported == [3000])
    }

    @Test func twoAreChance() {
        var run = FailureRun()
        let reported = [0, 4000].filter { run.fail(at: at($0)) }
        #expect(reported.isEmpty)
    }

    @Test func aPacketFromThereEndsIt() {
        var run = FailureRun()
        let early = stride(from: 0, to: 1900, by: 100).filter { run.fail(at: at($0)) }
        run.succeed()
        let reported = stride(from: 1900, to: 6000, by: 100).filter { run.fail(at: at($0)) }
        #expect(early.isEmpty)
        #expect(reported == [3900])
    }

    @Test func aLongPauseEndsItToo() {
        var run = FailureRun()
        let reported = stride(from: 0, to: 60_000, by: 5001).filter { run.fail(at: at($0)) }
        #expect(reported.isEmpty)
    }
}
