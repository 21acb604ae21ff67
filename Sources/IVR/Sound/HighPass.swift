import Glibc

/// Takes away what lies under the voice: hum, wind, handling (Butterworth, second order, 200 Hz at
/// 8 kHz).
struct HighPass: Sendable {
    // The bilinear transform of s²/(s²+√2s+1).
    private static let k: Float = tanf(Float.pi * 200 / 8000)
    private static let root: Float = Float(2).squareRoot()
    private static let scale: Float = 1 / (1 + root * k + k * k)
    private static let a1: Float = 2 * (k * k - 1) * scale
    private static let a2: Float = (1 - root * k + k * k) * scale

    private var s1: Float = 0
    private var s2: Float = 0

    mutating func filter(_ samples: inout [Float]) {
        let b: Float = HighPass.scale
        let a1: Float = HighPass.a1
        let a2: Float = HighPass.a2
        for i in samples.indices {
            let x: Float = samples[i]
            let y: Float = b * x + s1
            s1 = -2 * b * x - a1 * y + s2
            s2 = b * x - a2 * y
            samples[i] = y
        }
    }
}
