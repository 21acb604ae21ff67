/// Where sound comes from, block by block: a file, or memory.
///
/// Preparation goes through it twice, first to measure and then to encode.
protocol PCMSource: ~Copyable {
    /// Frames per second.
    var sampleRate: Int { get }
    var channels: Int { get }

    /// Puts the next frames, interleaved, into the beginning of `buffer`.
    /// - Returns: how many frames; 0 at the end.
    mutating func read(into buffer: inout [Float]) throws(PreparationError) -> Int

    mutating func rewind() throws(PreparationError)
}
