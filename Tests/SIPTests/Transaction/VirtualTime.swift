import Primitives

/// The beginning of every test's time; not zero, so that a forgotten addition shows.
let t0 = Instant(nanoseconds: 1_000_000_000_000)

func milliseconds(_ interval: Interval) -> Int { Int(interval.nanoseconds / 1_000_000) }

/// An action and when it came, in milliseconds after `t0`.
struct Timed<Action: Equatable & Sendable>: Equatable, Sendable {
    let at: Int
    let action: Action
    init(_ at: Int, _ action: Action) {
        self.at = at
        self.action = action
    }
}

/// Jumps from deadline to deadline until there is none, and notes what each one brought.
func run<Action>(
    _ machine: () -> (deadline: Instant?, advance: (Instant) -> Action?)
) -> [Timed<Action>] {
    var seen: [Timed<Action>] = []
    while let due = machine().deadline, seen.count < 100 {
        guard let action = machine().advance(due) else { break }
        seen.append(Timed(milliseconds(due - t0), action))
    }
    return seen
}

/// SplitMix64: the same numbers from the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
