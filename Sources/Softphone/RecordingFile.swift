/// A recording that keeps its rate when the codec changes.
final class RecordingFile {
    private var writer: WAVWriter

    init(path: String, sampleRate: Int) throws(WAVWriter.Failure) {
        writer = try WAVWriter(path: path, sampleRate: sampleRate)
    }

    func append(_ samples: [Int16], sampleRate: Int) throws(WAVWriter.Failure) {
        guard sampleRate != writer.sampleRate, !samples.isEmpty else {
            try writer.append(samples)
            return
        }
        // The nearest sample: for a check by ear, after a change of codec within a call.
        let count = samples.count * writer.sampleRate / sampleRate
        try writer.append(
            (0..<count).map { samples[min($0 * sampleRate / writer.sampleRate, samples.count - 1)] }
        )
    }

    func flush() throws(WAVWriter.Failure) { try writer.flush() }
}
