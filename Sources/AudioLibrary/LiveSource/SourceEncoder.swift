import Glibc
import Playout

/// Turns a live source's sound into every format, as it comes.
final class SourceEncoder {
    /// Frames per second that every source is brought to first.
    static let rate = 48000

    private let format: SourceFormat
    private let shape: SourceShape
    private var resampler: VariableResampler
    private let streams: [RateStream]
    private let gain: Float
    private var sound: [Float] = []
    private var frames: Int64 = 0

    /// - Parameter volume: in dB.
    init(
        _ format: SourceFormat, formats: [MediaFormat], volume: Double
    ) throws(PreparationError) {
        self.format = format
        shape = SourceShape(
            channels: format.channels, wantsStereo: formats.contains(.opusStereo))
        resampler = try VariableResampler(
            from: format.rate, to: SourceEncoder.rate, channels: shape.kept)
        gain = Float(pow(10, volume / 20))
        streams = try RateStream.streams(
            to: formats, frames: Int64(SourceEncoder.rate), of: .seconds(1), leadIn: 0,
            kept: shape.kept
        ) { [gain] (format, index, _) throws(PreparationError) in
            try FormatEncoder(endless: format, index: index, gain: gain)
        }
    }

    /// Takes the source faster (above 1) or slower from now on.
    func setSpeed(_ speed: Double) { resampler.setSpeed(speed) }

    /// Units of sound that went in, whether or not they have come out everywhere.
    var taken: Int64 { frames * 8000 / Int64(SourceEncoder.rate) / RingSchedule.unit.ticks }

    /// - Parameter frames: whole ones.
    func feed(
        _ frames: ArraySlice<UInt8>, write: (Int, [UInt8]) throws(PreparationError) -> Void
    ) throws(PreparationError) {
        sound.removeAll(keepingCapacity: true)
        format.decode(frames, into: &sound)
        try feed(write: write)
    }

    /// Lets out what is still inside, behind which comes silence.
    func finish(write: (Int, [UInt8]) throws(PreparationError) -> Void) throws(PreparationError) {
        sound = Array(repeating: 0, count: format.rate / 5 * format.channels)
        try feed(write: write)
    }

    private func feed(
        write: (Int, [UInt8]) throws(PreparationError) -> Void
    ) throws(PreparationError) {
        guard !sound.isEmpty else { return }
        let sound = sound
        var kept: [Float] = []
        var resampled: [Float] = []
        shape.keep(sound.span, into: &kept)
        try resampler.process(kept.span, into: &resampled)
        frames += Int64(resampled.count / shape.kept)
        for stream in streams { try stream.feed(resampled, write: write) }
    }
}
