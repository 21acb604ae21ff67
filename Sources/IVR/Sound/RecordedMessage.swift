/// Judges a recording that is on disk, as ``InteractiveMedia`` judges one as it arrives.
package enum RecordedMessage {
    /// - Returns: what the file holds, with its rate in samples a second; nil when it can't be read.
    package static func verdict(ofFile path: String) -> (verdict: MessageVerdict, rate: Int)? {
        let rate = 8000
        guard let samples = try? SoundFile.samples(of: path, rate: rate) else { return nil }
        var detector = SpeechDetector(rate: rate)
        for start in stride(from: 0, to: samples.count, by: rate) {
            detector.listen(samples[start..<min(samples.count, start + rate)])
        }
        return (detector.verdict(samples: samples.count), rate)
    }
}
