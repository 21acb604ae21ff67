import Glibc
internal import Spool

/// The samples of `audio.au`, in order.
///
/// Its header may say nothing of its length and its last sample may be torn: what counts is how many
/// octets there are.
struct AudioFile: ~Copyable, Sendable {
    let path: String
    let rate: Int
    let samples: Int
    private let descriptor: Int32
    private let start: Int

    init(path: String) throws(MailError) {
        func failure(_ cause: String) -> MailError { .recording(path: path, cause: cause) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
        var information = stat()
        var header = [UInt8](repeating: 0, count: 24)
        let isRead =
            fstat(descriptor, &information) == 0 && pread(descriptor, &header, 24, 0) == 24
        func word(_ index: Int) -> Int {
            header[(4 * index)..<(4 * index + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        let samples = AudioLength.samples(header: header, fileSize: Int(information.st_size))
        guard isRead, (1000...384_000).contains(word(4)) else {
            close(descriptor)
            throw failure("it is not 16-bit linear sound of one channel in Sun's format")
        }
        self.path = path
        self.descriptor = descriptor
        self.samples = samples
        rate = word(4)
        start = word(1)
    }

    deinit { close(descriptor) }

    /// Hands out the samples from `range` in blocks of `size`, the last perhaps shorter, in order.
    borrowing func forEachBlock(
        of size: Int, in range: Range<Int>,
        _ body: (Span<Int16>) throws(MailError) -> Void
    ) throws(MailError) {
        // Whole blocks, many at a time: a call for each 20 ms would be 500 for ten seconds.
        let length = size * max(1, AudioFile.readLength / size)
        var samples = [Int16](repeating: 0, count: length)
        var next = range.lowerBound
        while next < range.upperBound {
            let wanted = min(length, range.upperBound - next)
            let octets = samples.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, 2 * wanted, start + 2 * next)
            }
            guard octets >= 0 else {
                throw .recording(path: path, cause: String(cString: strerror(errno)))
            }
            guard octets >= 2 else { return }
            let count = octets / 2
            for index in 0..<count { samples[index] = Int16(bigEndian: samples[index]) }
            for first in stride(from: 0, to: count, by: size) {
                try body(samples.span.extracting(first..<min(first + size, count)))
            }
            next += count
        }
    }

    /// Samples that are read at once, as far as blocks are no larger.
    private static let readLength = 16_384
}
