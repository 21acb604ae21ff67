import Playout
import Primitives
import Testing

@testable import AudioLibrary

@Suite struct RingScheduleTests {
    /// A wall clock of today, in the middle of a unit.
    static let now = MediaTime(ticks: 1_790_000_000 * 8000 + 33)

    @Test func beginsHalfASecondAheadOnAUnit() {
        let schedule = RingSchedule(at: Self.now)
        let level = schedule.level(at: Self.now)
        #expect(level <= RingSchedule.lead && level > RingSchedule.lead - RingSchedule.unit)
        #expect(!schedule.isReady(at: Self.now))
        #expect(!schedule.hasFailed(at: Self.now))
    }

    @Test func takesNoMoreThanASecondAhead() {
        var schedule = RingSchedule(at: Self.now)
        let room = schedule.room(taken: 0, at: Self.now)
        #expect(room == 50)
        schedule.written = Int64(room)
        #expect(schedule.room(taken: Int64(room), at: Self.now) == 0)
        #expect(schedule.room(taken: Int64(room), at: Self.now + .milliseconds(30)) == 3)
        let level = schedule.level(at: Self.now)
        #expect(level <= RingSchedule.ceiling && level > RingSchedule.ceiling - .milliseconds(11))
    }

    @Test func isHeardWhenItsFirstSoundIsDue() {
        var schedule = RingSchedule(at: Self.now)
        schedule.written = 40
        #expect(!schedule.isReady(at: Self.now + .milliseconds(480)))
        #expect(schedule.isReady(at: Self.now + .milliseconds(500)))
    }

    @Test func aSourceThatStopsAtOnceIsNotHeard() {
        var schedule = RingSchedule(at: Self.now)
        schedule.written = 10
        #expect(!schedule.isReady(at: Self.now + .milliseconds(500)))
        #expect(schedule.hasFailed(at: Self.now + .milliseconds(600)))
    }

    @Test func endsWhileTheLongestPacketStillFindsSound() {
        var schedule = RingSchedule(at: Self.now)
        schedule.written = 100
        let end = Self.now + .milliseconds(1500)
        #expect(!schedule.hasFailed(at: end - .milliseconds(100)))
        #expect(schedule.hasFailed(at: end - .milliseconds(70)))
    }

    @Test(arguments: [-3600, -3, 2, 3600])
    func aClockThatIsSetIsANewBeginning(_ seconds: Int) {
        var schedule = RingSchedule(at: Self.now)
        schedule.written = 50
        let then = Self.now + .seconds(seconds)
        #expect(schedule.hasFailed(at: then))
        #expect(!schedule.isReady(at: then))
        #expect((0...RingSchedule.units / 2).contains(schedule.room(taken: 50, at: then)))
    }
}

@Suite struct DriftControlTests {
    /// A source whose clock is off, for an hour: it is never short, nor far ahead, and what is
    /// done about it is small.
    @Test(arguments: [-200e-6, -50e-6, 0, 50e-6, 200e-6])
    func followsTheSourcesClock(_ drift: Double) {
        var control = DriftControl()
        var level = 0.5
        var speed = 1.0
        var extremes = 1.0...1.0
        for _ in 0..<360_000 {
            // In 10 ms the source gives 10 ms by its own clock, brought to ours at this speed.
            level += 0.01 * (1 + drift) / speed - 0.01
            speed = control.speed(
                level: MediaTime(ticks: Int64(level * 8000)), isWaiting: false,
                elapsed: .milliseconds(10))
            extremes = min(extremes.lowerBound, speed)...max(extremes.upperBound, speed)
        }
        #expect(abs(level - 0.5) < 0.06, "\(level)")
        #expect(abs(speed - 1 - drift) < 5e-6)
        #expect(extremes.lowerBound > 0.9996 && extremes.upperBound < 1.0004)
    }

    @Test func aSourceThatWaitsForUsIsTakenAsItIs() {
        var control = DriftControl()
        for _ in 0..<10_000 {
            let speed = control.speed(
                level: .milliseconds(900), isWaiting: true, elapsed: .milliseconds(10))
            #expect(speed == 1)
        }
    }

    @Test func neverDoesMoreThanTheLimit() {
        var control = DriftControl()
        for level in [5000, -5000, 100_000, 0] {
            let speed = control.speed(
                level: .milliseconds(level), isWaiting: false, elapsed: .seconds(1000))
            #expect(abs(speed - 1) <= DriftControl.limit + 1e-12)
        }
    }
}

@Suite struct RestartBackoffTests {
    @Test func doublesUpToHalfAMinute() {
        var backoff = RestartBackoff()
        let waits = (0..<9).map { _ in backoff.wait(afterLifetime: .milliseconds(20)).seconds }
        #expect(waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test func beginsAfreshAfterAWhileOfSound() {
        var backoff = RestartBackoff()
        for _ in 0..<5 { _ = backoff.wait(afterLifetime: .zero) }
        #expect(backoff.wait(afterLifetime: .seconds(61)) == .milliseconds(500))
        #expect(backoff.wait(afterLifetime: .zero) == .seconds(1))
    }
}

@Suite struct LastLineTests {
    @Test func keepsTheLastOfManyLines() {
        var log = LastLine()
        #expect(log.add(Array("one\n\ntw".utf8)) == ["one"])
        #expect(log.text == "tw")
        #expect(log.add(Array("o\r\n".utf8)) == ["two"])
        #expect(log.text == "two")
    }

    @Test func cutsLongLinesAndTakesOutControlCharacters() {
        var log = LastLine()
        _ = log.add(Array("\u{1b}[31mred\ttext".utf8) + [UInt8](repeating: 0x41, count: 9999))
        #expect(log.text.hasPrefix("[31mred text"))
        #expect(log.text.count <= 300)
    }
}
