import Glibc

/// Rounds off what is too loud, each sample for itself: a click does not make the speech beside it
/// softer, and any part of a recording can be had without what is before it.
enum Limiter {
    /// What is below is left as it is: -6 dBFS, which speech at the mail's level seldom reaches.
    private static let knee: Float = 16_423
    /// What is never reached: -1 dBFS.
    private static let ceiling: Float = 29_204

    static func limited(_ sample: Float) -> Int16 {
        let over = (abs(sample) - knee) / (ceiling - knee)
        guard over > 0 else { return Int16(sample.rounded()) }
        let rounded = knee + (ceiling - knee) * tanhf(over)
        return Int16((sample < 0 ? -rounded : rounded).rounded())
    }
}
