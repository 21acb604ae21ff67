import Glibc

/// Measures how loud sound is, and draws it on a terminal.
package struct LevelMeter: Sendable {
    /// Sound below this counts as silence, in dB relative to full scale.
    package static let silence = -55.0

    /// Seconds of frames that were louder than silence.
    package private(set) var soundSeconds = 0.0
    /// The loudest frame, in dBFS.
    package private(set) var peak = -100.0
    /// Of everything that was measured: sum of squares, and samples.
    private var energy = 0.0
    private var samples = 0

    package init() {}

    /// The level of all that was heard, in dBFS.
    package var average: Double { LevelMeter.decibels(energy, samples) }

    /// Takes a frame, some 10 to 60 ms of sound.
    /// - Returns: its level in dBFS.
    @discardableResult
    package mutating func measure(_ frame: some Collection<Int16>, sampleRate: Int) -> Double {
        let sum = frame.reduce(0.0) { $0 + Double($1) * Double($1) }
        let level = LevelMeter.decibels(sum, frame.count)
        energy += sum
        samples += frame.count
        peak = max(peak, level)
        if level > LevelMeter.silence { soundSeconds += Double(frame.count) / Double(sampleRate) }
        return level
    }

    private static func decibels(_ sum: Double, _ count: Int) -> Double {
        guard count > 0, sum > 0 else { return -100 }
        return max(-100, 10 * log10(sum / Double(count) / (32768 * 32768)))
    }

    /// One line that overwrites itself: `[#########       ] -23 dBFS  opus  12.3 s`.
    package static func bar(_ level: Double, _ text: String) -> String {
        let width = 40
        let filled = Int(max(0, min(Double(width), (level + 60) / 60 * Double(width))))
        let bar =
            String(repeating: "#", count: filled) + String(repeating: " ", count: width - filled)
        return "\r[\(bar)] \(Int(level.rounded())) dBFS  \(text)\u{1b}[K"
    }
}
