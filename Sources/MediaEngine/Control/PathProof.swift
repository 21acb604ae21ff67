import Primitives

/// Whether a destination has shown that it wants the music, so that a forged session description
/// can't turn the engine against somebody.
enum PathProof: Hashable {
    case notNeeded
    /// Until when; the time begins with the first packet.
    case waiting(until: Instant)
    case proven(IPAddress)
    case expired
}
