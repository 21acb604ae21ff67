import CSndfile
import CSoxr

/// A sound file in memory, in one channel of the wanted rate.
package struct SoundFile: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let samples: [Int16]

    /// The longest part of a file that is read, in seconds.
    private static let longest = 600

    package init(path: String, sampleRate: Int) throws(Failure) {
        var info = SF_INFO()
        guard let file = sf_open(path, CInt(SFM_READ), &info) else {
            throw Failure(description: "\(path): \(String(cString: sf_strerror(nil)))")
        }
        defer { sf_close(file) }
        let channels = Int(info.channels)
        let frames = min(Int(clamping: info.frames), SoundFile.longest * Int(info.samplerate))
        guard channels > 0, frames > 0, info.samplerate > 0 else {
            throw Failure(description: "\(path): no sound in it")
        }
        var interleaved = [Float](repeating: 0, count: frames * channels)
        let read = Int(clamping: sf_readf_float(file, &interleaved, sf_count_t(frames)))
        var mono = (0..<max(0, read)).map { frame in
            (0..<channels).reduce(0) { $0 + interleaved[frame * channels + $1] } / Float(channels)
        }
        if Int(info.samplerate) != sampleRate {
            mono = try SoundFile.resampled(mono, from: Int(info.samplerate), to: sampleRate)
        }
        samples = mono.map { Int16(max(-32768, min(32767, ($0 * 32768).rounded()))) }
    }

    private static func resampled(
        _ input: [Float], from: Int, to: Int
    ) throws(Failure) -> [Float] {
        var output = [Float](repeating: 0, count: input.count * to / from + 64)
        var done = 0
        let capacity = output.count
        let error = soxr_oneshot(
            Double(from), Double(to), 1, input, input.count, nil, &output, capacity, &done, nil,
            nil, nil)
        if let error { throw Failure(description: "resampling: \(String(cString: error))") }
        return Array(output.prefix(done))
    }
}
