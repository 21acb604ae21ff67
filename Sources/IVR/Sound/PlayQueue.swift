/// What waits to be heard by one caller, as samples.
struct PlayQueue: Sendable {
    private struct Sound: Sendable {
        var samples: [Int16]
        var rate: Int
    }

    private var sounds: [Sound] = []
    /// In the first of them; a fraction where its rate is not the stream's.
    private var position = 0.0
    /// Whether the end of what was added last has still to be told.
    private var owesEnd = false

    var isEmpty: Bool { sounds.isEmpty }

    /// Takes the place of what was there.
    mutating func replace(with samples: [[Int16]], rate: Int) {
        sounds = samples.filter { !$0.isEmpty }.map { Sound(samples: $0, rate: rate) }
        position = 0
        owesEnd = true
    }

    /// Beside the rest: its end is not told.
    mutating func append(_ samples: [Int16], rate: Int) {
        if !samples.isEmpty { sounds.append(Sound(samples: samples, rate: rate)) }
    }

    mutating func clear() {
        sounds = []
        position = 0
        owesEnd = false
    }

    /// The next `count` samples at `rate`, silence after the end.
    mutating func next(_ count: Int, rate: Int) -> [Int16] {
        var output: [Int16] = []
        output.reserveCapacity(count)
        while output.count < count, let sound = sounds.first {
            if sound.rate == rate {
                let at = Int(position)
                let part = sound.samples[at..<min(sound.samples.count, at + count - output.count)]
                output.append(contentsOf: part)
                position = Double(at + part.count)
            } else {
                // A codec changed in the middle of a phrase: good enough for the rest of it.
                let step = Double(sound.rate) / Double(max(1, rate))
                while output.count < count, position < Double(sound.samples.count) {
                    output.append(interpolated(sound.samples, at: position))
                    position += step
                }
            }
            if position >= Double(sound.samples.count) {
                sounds.removeFirst()
                position = 0
            }
        }
        output.append(contentsOf: repeatElement(0, count: max(0, count - output.count)))
        return output
    }

    /// Whether what was to be played has come to its end since this was asked last.
    mutating func takeEnd() -> Bool {
        guard owesEnd, sounds.isEmpty else { return false }
        owesEnd = false
        return true
    }

    private func interpolated(_ samples: [Int16], at position: Double) -> Int16 {
        let index = Int(position)
        let a = Double(samples[index])
        let b = Double(samples[min(index + 1, samples.count - 1)])
        return Int16(a + (b - a) * (position - Double(index)))
    }
}
