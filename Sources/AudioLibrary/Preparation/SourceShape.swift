/// Which channels are kept of those that a source has.
///
/// Two are kept of two when a stereo format is wanted; otherwise all are brought to one. That is
/// their mean: it can't clip, and what it loses in level the loudness gain gives back.
struct SourceShape: Hashable {
    let channels: Int
    let kept: Int

    init(channels: Int, wantsStereo: Bool) {
        self.channels = channels
        kept = channels == 2 && wantsStereo ? 2 : 1
    }

    /// Replaces `output` by the kept channels of `input`, interleaved.
    func keep(_ input: Span<Float>, into output: inout [Float]) {
        output.removeAll(keepingCapacity: true)
        if channels == kept {
            input.withUnsafeBufferPointer { output.append(contentsOf: $0) }
        } else if channels == 2 {
            mix(input, into: &output)
        } else {
            let share = 1 / Float(channels)
            for frame in stride(from: 0, to: input.count - channels + 1, by: channels) {
                var sum: Float = 0
                for channel in 0..<channels { sum += input[frame + channel] }
                output.append(sum * share)
            }
        }
    }
}

/// Replaces `output` by the mean of both channels of `input`.
func mix(_ input: Span<Float>, into output: inout [Float]) {
    let count = input.count / 2
    output = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
        for i in 0..<count { buffer[i] = (input[2 * i] + input[2 * i + 1]) * 0.5 }
        filled = count
    }
}
