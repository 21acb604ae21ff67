import CSndfile

/// Judges a recording that is on disk, as ``InteractiveMedia`` judges one as it arrives.
package enum RecordedMessage {
    /// - Returns: what the file holds, with its rate in samples a second; nil when it can't be read.
    package static func verdict(ofFile path: String) -> (verdict: MessageVerdict, rate: Int)? {
        var info = SF_INFO()
        guard let file = sf_open(path, Int32(SFM_READ), &info) else { return nil }
        defer { sf_close(file) }
        guard info.channels == 1, info.samplerate > 0 else { return nil }
        let rate = Int(info.samplerate)
        var detector = SpeechDetector(rate: rate)
        var block = [Int16](repeating: 0, count: 4096)
        var samples = 0
        while true {
            let count = Int(sf_readf_short(file, &block, sf_count_t(block.count)))
            guard count > 0 else { break }
            detector.listen(block[..<count])
            samples += count
        }
        return (detector.verdict(samples: samples), rate)
    }
}
