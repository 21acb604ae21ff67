import Glibc

/// How much sound an `audio.au` holds, by the file's length: its header may say nothing of it.
package enum AudioLength {
    /// Whole 16-bit samples of one channel; 0 when it is no such file.
    package static func samples(inFileAt path: String) -> Int {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var information = stat()
        var header = [UInt8](repeating: 0, count: 24)
        guard fstat(file, &information) == 0, read(file, &header, header.count) == header.count
        else { return 0 }
        return samples(header: header, fileSize: Int(information.st_size))
    }

    /// - Parameter header: the first 24 octets: `.snd`, where the sound begins, its size, its
    ///   encoding (3: 16-bit linear), samples a second, channels; each 32 bits, big-endian.
    package static func samples(header: [UInt8], fileSize: Int) -> Int {
        func word(_ index: Int) -> Int {
            header[(4 * index)..<(4 * index + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        guard header.count >= 24, Array(header[..<4]) == Array(".snd".utf8), word(3) == 3,
            word(5) == 1, word(1) >= 24
        else { return 0 }
        return max(0, fileSize - word(1)) / 2
    }
}
