import CLinux

/// The entrance for octets that may be anything, as fuzzers use it: reads them as an audio file
/// to the end, or to an error.
package enum AudioFileFuzzing {
    /// - Returns: frames that could be read; nil when it is no audio file.
    @discardableResult
    package static func read(_ octets: [UInt8]) -> Int64? {
        // A file without a name: what is read from must be a descriptor.
        let descriptor = Descriptor(adopting: clinux_memfd_create())
        guard (try? Descriptor.write(octets, to: descriptor.number, at: 0)) != nil else {
            return nil
        }
        do throws(PreparationError) {
            var file = try AudioFile(descriptor)
            var buffer = [Float](repeating: 0, count: 4096 * file.channels)
            var frames: Int64 = 0
            // A header may promise anything; what is decoded is bounded by what is there but for
            // formats that pack silence well.
            while frames < 50_000_000 {
                let got = try file.read(into: &buffer)
                if got == 0 { break }
                frames += Int64(got)
            }
            try file.checkCompleteness(frames: frames)
            return frames
        } catch {
            return nil
        }
    }
}
