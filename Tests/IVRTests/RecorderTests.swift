import IVR
import Primitives
import Testing

@Suite struct RecorderTests {
    private static let begin = Instant(nanoseconds: 1_000_000_000)
    private var recorder = Recorder(
        RecordingParameters(path: "", maximumLength: .seconds(120), maximumSilence: .seconds(5)),
        number: 1, rate: 8000, now: begin)

    private func at(_ seconds: Int) -> Instant { Self.begin + .seconds(seconds) }

    @Test mutating func nothingComes() {
        #expect(recorder.ending(at: at(4), isHeld: false) == nil)
        #expect(recorder.ending(at: at(5), isHeld: false) == .mediaLost)
    }

    /// Case G01; and a caller who vanishes on hold, without session timer or ICMP.
    @Test mutating func aHoldIsNoSilenceButNotForEver() {
        recorder.packetCame(at: at(1))
        recorder.suspend(at: at(60))
        #expect(recorder.ending(at: at(60), isHeld: true) == nil)
        #expect(recorder.ending(at: at(62), isHeld: false) == nil)
        recorder.suspend(at: at(600))
        #expect(recorder.ending(at: at(600), isHeld: true) == nil)
        #expect(recorder.ending(at: at(601), isHeld: true) == .mediaLost)
        recorder.packetCame(at: at(601))
        #expect(recorder.ending(at: at(700), isHeld: true) == nil, "music of the other side")
    }
}
