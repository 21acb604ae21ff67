import Codec
import Glibc
import Playout

/// Makes a track of a source of sound: measured in a first pass, encoded in a second, in memory
/// that does not grow with its length.
///
/// A track is treated as a loop, since most are heard round and round: filters and encoders come
/// to its first sample by way of its last second, and leave its last by way of its first. Sample 0
/// of every format is sample 0 of the source, whatever its codec's delay.
struct TrackPreparation {
    let settings: PreparationSettings
    /// The source's frames, counted and not believed.
    let frames: Int64
    /// What the source was measured at, in LUFS, before any gain.
    let loudness: Double
    let length: MediaTime

    private let sampleRate: Int
    private let shape: SourceShape
    /// What is taken from each channel so that no constant part is left.
    private let offsets: [Float]
    private let monoGain: Float
    private let stereoGain: Float
    /// The last second of the source, or all of it.
    private let tail: [Float]

    private static let blockFrames = 8192
    private static let highestGain = 100.0

    /// The first pass.
    /// - Parameters:
    ///   - progress: told how many frames were done; false ends the work.
    init<Source: PCMSource & ~Copyable>(
        measuring source: inout Source, settings: PreparationSettings,
        progress: (Int64) -> Bool = { _ in true }
    ) throws(PreparationError) {
        self.settings = settings
        sampleRate = source.sampleRate
        let shape = SourceShape(
            channels: source.channels, wantsStereo: settings.formats.contains(.opusStereo))
        self.shape = shape
        var mono = try LoudnessMeter(sampleRate: sampleRate, channels: 1)
        var stereo = try LoudnessMeter(sampleRate: sampleRate, channels: 2)
        var sums = [Double](repeating: 0, count: shape.kept)
        var frames: Int64 = 0
        var tail: [Float] = []
        var buffer = [Float](repeating: 0, count: TrackPreparation.blockFrames * source.channels)
        var block: [Float] = []
        var mixed: [Float] = []
        while true {
            let got = try source.read(into: &buffer)
            if got == 0 { break }
            shape.keep(buffer.span.extracting(0..<got * shape.channels), into: &block)
            frames += Int64(got)
            for channel in 0..<shape.kept {
                var sum: Float = 0
                for i in stride(from: channel, to: block.count, by: shape.kept) { sum += block[i] }
                sums[channel] += Double(sum)
            }
            if shape.kept == 2 {
                try stereo.add(block.span)
                mix(block.span, into: &mixed)
                try mono.add(mixed.span)
            } else {
                try mono.add(block.span)
            }
            tail.append(contentsOf: block)
            let wanted = sampleRate * shape.kept
            if tail.count > 2 * wanted { tail.removeFirst(tail.count - wanted) }
            guard progress(frames) else { throw .cancelled }
        }
        guard frames > 0 else { throw .empty }
        let seconds = Double(frames) / Double(sampleRate)
        guard seconds >= 0.1 else { throw .tooShort(seconds: seconds) }
        if tail.count > sampleRate * shape.kept {
            tail.removeFirst(tail.count - sampleRate * shape.kept)
        }
        self.frames = frames
        self.tail = tail
        length = MediaTime(ticks: Int64((seconds * 8000).rounded()))
        offsets = sums.map { Float($0 / Double(frames)) }
        loudness = try TrackPreparation.loudness(mono, 1, tail, shape, sampleRate)
        monoGain = try TrackPreparation.gain(loudness, peak: mono.truePeak, settings)
        if shape.kept == 2 {
            stereoGain = try TrackPreparation.gain(
                TrackPreparation.loudness(stereo, 2, tail, shape, sampleRate),
                peak: stereo.truePeak, settings)
        } else {
            // The same sound from two channels is louder by 10 lg 2 dB.
            stereoGain = try TrackPreparation.gain(
                loudness + 10 * log10(2), peak: mono.truePeak, settings)
        }
    }

    /// The second pass, from the source's beginning.
    /// - Parameters:
    ///   - progress: told how many frames were done; false ends the work.
    ///   - write: takes the octets of the format of this index, in order.
    func encode<Source: PCMSource & ~Copyable>(
        _ source: inout Source, progress: (Int64) -> Bool = { _ in true },
        write: (_ format: Int, _ octets: [UInt8]) throws(PreparationError) -> Void
    ) throws(PreparationError) {
        let streams = try makeStreams()
        func feed(_ block: [Float]) throws(PreparationError) {
            for stream in streams { try stream.feed(block, write: write) }
        }
        try feed(leadIn())

        try source.rewind()
        var head: [Float] = []
        var done: Int64 = 0
        var buffer = [Float](repeating: 0, count: TrackPreparation.blockFrames * source.channels)
        var block: [Float] = []
        while true {
            let got = try source.read(into: &buffer)
            if got == 0 { break }
            done += Int64(got)
            guard done <= frames else { throw .changed }
            shape.keep(buffer.span.extracting(0..<got * shape.channels), into: &block)
            subtractOffsets(&block)
            let wanted = sampleRate * shape.kept - head.count
            if wanted > 0 { head.append(contentsOf: block.prefix(wanted)) }
            try feed(block)
            guard progress(done) else { throw .cancelled }
        }
        guard done == frames else { throw .changed }

        while head.count < sampleRate * shape.kept {
            head.append(contentsOf: head.prefix(sampleRate * shape.kept - head.count))
        }
        try feed(head)
        for stream in streams { try stream.finish(write: write) }
    }

    /// What was before the first sample: the last second, of a shorter track several turns.
    private func leadIn() -> [Float] {
        let wanted = sampleRate * shape.kept
        var result = [Float](repeating: 0, count: wanted)
        var from = tail.count
        for i in stride(from: wanted - 1, through: 0, by: -1) {
            from -= 1
            if from < 0 { from = tail.count - 1 }
            result[i] = tail[from]
        }
        subtractOffsets(&result)
        return result
    }

    private func subtractOffsets(_ block: inout [Float]) {
        if shape.kept == 1 {
            let offset = offsets[0]
            for i in block.indices { block[i] -= offset }
        } else {
            let (left, right) = (offsets[0], offsets[1])
            for i in stride(from: 0, to: block.count - 1, by: 2) {
                block[i] -= left
                block[i + 1] -= right
            }
        }
    }

    private func makeStreams() throws(PreparationError) -> [RateStream] {
        try RateStream.streams(
            to: settings.formats, frames: frames, of: length, leadIn: sampleRate, kept: shape.kept
        ) { (format, index, leadIn) throws(PreparationError) in
            try FormatEncoder(
                format, index: index, length: length, leadIn: leadIn,
                gain: format.channels == 2 ? stereoGain : monoGain)
        }
    }

    /// The measured loudness; of less than the 0.4 s that R 128 needs, that of the sound repeated.
    private static func loudness(
        _ meter: borrowing LoudnessMeter, _ channels: Int, _ tail: [Float], _ shape: SourceShape,
        _ sampleRate: Int
    ) throws(PreparationError) -> Double {
        guard meter.truePeak > 1e-4 else { throw .silent }
        let measured = meter.loudness
        if measured.isFinite { return measured }
        var again = try LoudnessMeter(sampleRate: sampleRate, channels: channels)
        var sound = tail
        if channels < shape.kept { mix(tail.span, into: &sound) }
        var fed = 0
        while fed < sampleRate * channels {
            try again.add(sound.span)
            fed += sound.count
        }
        // Softer than R 128's absolute gate counts as being at the gate.
        return max(-70, again.loudness)
    }

    /// A plain factor: what is in the source stays as it is. True peaks are kept under the limit
    /// by less gain and not by a limiter, since at -23 LUFS hardly any music comes near it.
    private static func gain(
        _ loudness: Double, peak: Double, _ settings: PreparationSettings
    ) throws(PreparationError) -> Float {
        let wanted = pow(10, (settings.loudness - loudness) / 20)
        let most = pow(10, settings.truePeakLimit / 20) / max(peak, 1e-6)
        return Float(min(wanted, most, highestGain))
    }
}
