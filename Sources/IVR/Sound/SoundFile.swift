import CSndfile
import CSoxr

/// Reads a whole sound file as one channel at one rate.
enum SoundFile {
    struct Unreadable: Error, CustomStringConvertible {
        let path: String
        let cause: String
        var description: String { "\(path): \(cause)" }
    }

    /// Longer files are cut off: 10 minutes.
    private static let limit = 600

    static func samples(of path: String, rate: Int) throws(Unreadable) -> [Int16] {
        var info = SF_INFO()
        guard let file = sf_open(path, Int32(SFM_READ), &info) else {
            throw Unreadable(path: path, cause: String(cString: sf_strerror(nil)))
        }
        defer { sf_close(file) }
        let channels = Int(info.channels)
        let fileRate = Int(info.samplerate)
        guard channels > 0, channels <= 16, fileRate > 0 else {
            throw Unreadable(path: path, cause: "it has no channel or no rate")
        }
        var mono: [Float] = []
        var block = [Float](repeating: 0, count: 4096 * channels)
        while mono.count < limit * fileRate {
            let frames = Int(sf_readf_float(file, &block, 4096))
            guard frames > 0 else { break }
            for frame in 0..<frames {
                var sum: Float = 0
                for channel in 0..<channels { sum += block[frame * channels + channel] }
                mono.append(sum / Float(channels))
            }
        }
        return try resampled(mono, from: fileRate, to: rate, path).map { sample in
            Int16(max(-32768, min(32767, (sample * 32767).rounded())))
        }
    }

    private static func resampled(
        _ input: [Float], from: Int, to: Int, _ path: String
    ) throws(Unreadable) -> [Float] {
        guard from != to, !input.isEmpty else { return input }
        var output = [Float](repeating: 0, count: input.count * to / from + 64)
        var done = 0
        let error = soxr_oneshot(
            Double(from), Double(to), 1, input, input.count, nil, &output, output.count, &done,
            nil, nil, nil)
        guard error == nil else { throw Unreadable(path: path, cause: "it can't be resampled") }
        return Array(output.prefix(done))
    }
}
