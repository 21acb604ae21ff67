/// Fills up the last unit of a track whose length is no whole number of units, as it must be in
/// Opus, so that the track's first unit can follow.
///
/// From the last whole unit's end on the sound fades from itself to itself delayed by what is
/// missing: the track's end then comes at the unit's end, and up to 10 ms before it are heard
/// twice, which is no step and hardly a sound.
struct JointFade {
    /// Frames that are missing in the last unit; 0 when there is nothing to do.
    private let delay: Int
    private let unit: Int
    private let channels: Int
    /// Frames from the next one to where the fade begins.
    private var untilFade: Int
    /// The last frames as they came, `delay` of them at most.
    private var recent: [Float] = []

    /// - Parameters:
    ///   - frames: of the track.
    ///   - unit: frames of a unit.
    ///   - ahead: frames that come before the track's first.
    init(frames: Int, unit: Int, channels: Int, ahead: Int) {
        let partial = frames % unit
        delay = partial == 0 ? 0 : unit - partial
        self.unit = unit
        self.channels = channels
        untilFade = ahead + frames - partial
    }

    /// Works on the samples of `sound` from `start` on, which follow those of the call before.
    mutating func apply(to sound: inout [Float], from start: Int) {
        guard delay > 0 else { return }
        let frames = (sound.count - start) / channels
        defer { untilFade -= frames }
        guard untilFade < frames else {
            // Most of a track: no copy of all of it.
            let kept = delay * channels
            recent = Array((recent + sound[start...].suffix(kept)).suffix(kept))
            return
        }
        let line = recent + sound[start...]
        let before = recent.count
        recent = Array(line.suffix(delay * channels))
        for frame in max(0, untilFade)..<frames {
            let share = min(1, (Float(frame - untilFade) + 0.5) / Float(unit))
            for channel in 0..<channels {
                let i = frame * channels + channel
                let delayed = before + i - delay * channels
                guard line.indices.contains(delayed) else { continue }
                sound[start + i] += share * (line[delayed] - sound[start + i])
            }
        }
    }
}
