import Glibc
import Playout

/// The sound that is played when there is nothing else: two soft notes that swell and fade, so
/// that who waits knows that the line is there.
struct Tone: PCMSource {
    let sampleRate = 16000
    let channels = 1
    private var samples: [Float]
    private var at = 0

    init() {
        // A fifth, and whole periods of everything in four seconds, so that it loops.
        let seconds = 4
        let count = sampleRate * seconds
        samples = (0..<count).map { i in
            let t = Double(i) / 16000
            let swell = pow(sin(Double.pi * t / Double(seconds)), 2)
            let sound = sin(2 * Double.pi * 294 * t) + 0.7 * sin(2 * Double.pi * 441 * t)
            return Float(0.02 + 0.98 * swell) * Float(sound) * 0.05
        }
    }

    mutating func read(into buffer: inout [Float]) -> Int {
        let count = min(buffer.count, samples.count - at)
        for i in 0..<count { buffer[i] = samples[at + i] }
        at += count
        return count
    }

    mutating func rewind() { at = 0 }

    /// Makes it in memory, in all formats.
    static func prepare(formats: [MediaFormat], truePeakLimit: Double) throws(PreparationError)
        -> PreparedTrack
    {
        var source = Tone()
        // Softer than music: this is no entertainment.
        let settings = PreparationSettings(
            loudness: -30, truePeakLimit: truePeakLimit, formats: formats)
        let preparation = try TrackPreparation(measuring: &source, settings: settings)
        var octets = [[UInt8]](repeating: [], count: formats.count)
        try preparation.encode(&source) { (format, part) in octets[format] += part }
        var renditions: [MediaFormat: Rendition] = [:]
        for (format, data) in zip(formats, octets) {
            let memory = UnsafeMutableRawBufferPointer.allocate(
                byteCount: data.count, alignment: 64)
            memory.copyBytes(from: data)
            guard let base = memory.baseAddress else { continue }
            nonisolated(unsafe) let allocation = memory
            renditions[format] = Rendition(
                format: format, length: preparation.length, base: UnsafeRawPointer(base)
            ) {
                allocation.deallocate()
            }
        }
        guard let hash = SHA256.digest(Array("tone".utf8)) else {
            throw .library("SHA-256 can't be computed")
        }
        return PreparedTrack(
            hash: hash, title: "tone", length: preparation.length, renditions: renditions)
    }
}
