import Glibc

/// A sine with soft edges, as samples.
enum Tone {
    /// 0 dBm0 of a sine (ITU-T G.711 Table 5: 3.14 dB below the overload of A-law).
    private static let fullLevel = 3.14

    /// - Parameters:
    ///   - frequency: in Hz.
    ///   - level: in dBm0.
    static func samples(
        frequency: Int, milliseconds: Int, level: Int, rate: Int
    ) -> [Int16] {
        let count = max(0, rate * milliseconds / 1000)
        let amplitude = 32767 * pow(10, (Double(min(level, 0)) - fullLevel) / 20)
        let edge = max(1, rate / 200)
        let step = 2 * Double.pi * Double(frequency) / Double(max(1, rate))
        return (0..<count).map { i in
            let gain = min(1, Double(min(i, count - 1 - i)) / Double(edge))
            return Int16(amplitude * gain * sin(step * Double(i)))
        }
    }
}
