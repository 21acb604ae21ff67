import Glibc

/// Writes a RIFF WAVE file of 16-bit samples whose sizes are right about every second, so that a
/// recording that is cut off by a signal or power loss is a valid file.
package struct WAVWriter: ~Copyable {
    package struct Failure: Error, CustomStringConvertible {
        package let path: String
        package let code: CInt
        package var description: String { "\(path): \(String(cString: strerror(code)))" }
    }

    package let sampleRate: Int
    private let path: String
    private let descriptor: CInt
    private var buffer: [UInt8] = []
    private var dataOctets = 0

    private static let headerLength = 44
    /// RIFF counts in 32 bits: what goes beyond is left out.
    private static let maximumOctets = Int(UInt32.max) - 36 - 1

    /// Creates or empties the file.
    package init(path: String, sampleRate: Int) throws(Failure) {
        self.path = path
        self.sampleRate = sampleRate
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure(path: path, code: errno) }
        buffer = WAVWriter.header(sampleRate: sampleRate, octets: 0)
        try flush()
    }

    deinit { close(descriptor) }

    /// Appends samples of one channel.
    package mutating func append(_ samples: some Collection<Int16>) throws(Failure) {
        guard dataOctets + buffer.count + 2 * samples.count <= WAVWriter.maximumOctets else {
            return
        }
        for sample in samples {
            buffer.append(UInt8(truncatingIfNeeded: sample))
            buffer.append(UInt8(truncatingIfNeeded: sample >> 8))
        }
        if buffer.count >= 2 * sampleRate { try flush() }
    }

    /// Writes what waits, then the sizes.
    package mutating func flush() throws(Failure) {
        let isHeader = dataOctets == 0 && buffer.count == WAVWriter.headerLength
        let at = isHeader ? 0 : WAVWriter.headerLength + dataOctets
        try write(buffer, at: at)
        if !isHeader { dataOctets += buffer.count }
        buffer.removeAll(keepingCapacity: true)
        let header = WAVWriter.header(sampleRate: sampleRate, octets: dataOctets)
        try write(header, at: 0)
    }

    private func write(_ bytes: [UInt8], at offset: Int) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(
                    descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Failure(path: path, code: count < 0 ? errno : EIO) }
            done += count
        }
    }

    private static func header(sampleRate: Int, octets: Int) -> [UInt8] {
        func u32(_ value: Int) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        return Array("RIFF".utf8) + u32(36 + octets) + Array("WAVEfmt ".utf8) + u32(16)
            + [1, 0, 1, 0] + u32(sampleRate) + u32(2 * sampleRate) + [2, 0, 16, 0]
            + Array("data".utf8) + u32(octets)
    }
}
