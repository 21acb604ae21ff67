import Codec
import Playout

/// Takes the looped source, which begins about one second before the track does, and gives exactly
/// the octets of the track in one format.
final class FormatEncoder {
    private let index: Int
    private let format: MediaFormat
    private var encoder: MediaEncoder
    private let gain: Float
    /// Frames of input to leave out, and to take after that.
    private var skip: Int
    private var take: Int
    /// Octets that only bring the encoder into the state that it will have at the loop's end.
    private var discard: Int
    private var pending: [Float] = []
    private var octets: [UInt8] = []
    private var dither = SplitMix64(seed: 0)
    private var joint: JointFade

    /// - Parameter leadIn: frames of input before the track's first.
    init(
        _ format: MediaFormat, index: Int, length: MediaTime, leadIn: Int, gain: Float
    ) throws(PreparationError) {
        self.index = index
        self.format = format
        self.gain = gain
        do throws(CodecError) {
            encoder = try MediaEncoder(format)
        } catch {
            throw .library("\(error)")
        }
        let unit = format.unit.ticks
        let units = Int((length.ticks + unit - 1) / unit)
        let unitFrames = format.sampleRate * Int(unit) / 8000
        // Half a second for what adapts; Opus needs but its overlap, and has 100 ms.
        let prime =
            switch format {
            case .g722: 8000
            case .opusMono, .opusStereo: 4800
            default: 0
            }
        discard = prime / unitFrames * format.octetsPerUnit
        // The decoder's output comes late by the codec's delay, so the input is ahead by as much.
        skip = leadIn + encoder.delay - prime
        take = prime + units * unitFrames
        let frames = Int(
            (Double(length.ticks) * Double(format.sampleRate) / 8000).rounded())
        joint = JointFade(
            frames: frames, unit: unitFrames, channels: format.channels,
            ahead: prime - encoder.delay)
    }

    /// For sound without a beginning and an end: everything that comes is taken.
    init(endless format: MediaFormat, index: Int, gain: Float) throws(PreparationError) {
        self.index = index
        self.format = format
        self.gain = gain
        do throws(CodecError) {
            encoder = try MediaEncoder(format)
        } catch {
            throw .library("\(error)")
        }
        discard = 0
        skip = 0
        take = .max
        joint = JointFade(frames: 0, unit: 1, channels: format.channels, ahead: 0)
    }

    /// - Parameter channels: of `input`; brought to those of the format.
    func feed(
        _ input: Span<Float>, channels: Int,
        write: (Int, [UInt8]) throws(PreparationError) -> Void
    ) throws(PreparationError) {
        let frames = input.count / channels
        let start = min(skip, frames)
        skip -= start
        let end = min(frames, start + take)
        take -= end - start
        guard end > start else { return }
        // Not in the property, each access to which is checked for exclusiveness.
        var samples: [Float] = []
        swap(&samples, &pending)
        let from = samples.count
        append(
            input.extracting(start * channels..<end * channels), channels: channels, to: &samples)
        joint.apply(to: &samples, from: from)

        let block = encoder.samplesPerBlock * format.channels
        let whole = samples.count / block * block
        octets.removeAll(keepingCapacity: true)
        do throws(CodecError) {
            try encoder.encode(samples.span.extracting(0..<whole), into: &octets)
        } catch {
            throw .library("\(error)")
        }
        samples.removeFirst(whole)
        pending = samples
        if discard > 0 {
            let dropped = min(discard, octets.count)
            octets.removeFirst(dropped)
            discard -= dropped
        }
        if !octets.isEmpty { try write(index, octets) }
    }

    /// Checks that the source was long enough.
    func finish() throws(PreparationError) {
        guard take == 0, pending.isEmpty else {
            throw .library("\(take) samples of \(format) are missing at the end")
        }
    }

    private func append(_ input: Span<Float>, channels: Int, to samples: inout [Float]) {
        let gain = gain
        switch (channels, format.channels) {
        case (2, 1):
            let half = gain * 0.5
            for i in stride(from: 0, to: input.count - 1, by: 2) {
                samples.append((input[i] + input[i + 1]) * half)
            }
        case (1, 2):
            for i in input.indices {
                let sample = input[i] * gain
                samples.append(sample)
                samples.append(sample)
            }
        default:
            if format.encodingName == "L16" {
                var noise = dither
                for i in input.indices {
                    samples.append(FormatEncoder.dithered(input[i] * gain, by: &noise))
                }
                dither = noise
            } else {
                for i in input.indices { samples.append(input[i] * gain) }
            }
        }
    }

    /// With triangular dither of one step to either side, so that soft music ends in noise and
    /// not in distortion; pure silence stays silence. G.711's own steps are coarser than this.
    private static func dithered(_ sample: Float, by noise: inout SplitMix64) -> Float {
        guard sample != 0 else { return 0 }
        let random = noise.next()
        let first = Float(UInt32(truncatingIfNeeded: random)) * 0x1p-32
        let second = Float(UInt32(truncatingIfNeeded: random >> 32)) * 0x1p-32
        return sample + (first - second) * 0x1p-15
    }
}
