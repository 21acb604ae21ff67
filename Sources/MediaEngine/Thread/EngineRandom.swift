import Playout

/// The system's randomness, or a seeded sequence for tests.
struct EngineRandom: RandomNumberGenerator, Sendable {
    private var seeded: SplitMix64?
    private var system = SystemRandomNumberGenerator()

    init(seed: UInt64?) { seeded = seed.map { SplitMix64(seed: $0) } }

    mutating func next() -> UInt64 { seeded?.next() ?? system.next() }
}
