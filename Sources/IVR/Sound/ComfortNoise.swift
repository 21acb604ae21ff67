import Glibc

/// White noise of the level that a comfort noise payload names (RFC 3389 §3.1).
struct ComfortNoise: Sendable {
    /// dB below the overload point, 0 to 127; 127 is silence.
    var level: UInt8 = 127

    private var state: UInt32 = 0x1234_5678

    mutating func append(_ count: Int, to output: inout [Int16]) {
        guard count > 0 else { return }
        // Louder is no background: whatever the packet says, it stays below speech.
        let decibels = -Double(max(level & 0x7f, 40))
        guard level & 0x7f < 90 else {
            return output.append(contentsOf: repeatElement(0, count: count))
        }
        // The peak of an even distribution is √3 times its effective value.
        let peak = 32768 * pow(10, decibels / 20) * 1.732
        for _ in 0..<count {
            state = state &* 1_664_525 &+ 1_013_904_223
            output.append(Int16(Double(Int32(bitPattern: state)) / 2_147_483_648 * peak))
        }
    }
}
