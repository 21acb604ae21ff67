/// Where the sound is in a RIFF/WAVE file, found with less trust in its sizes than libsndfile has.
///
/// Writers that went into a pipe leave sizes of 0 or almost 4 GiB, some forget the pad octet after
/// a chunk of odd length, and some leave a run of zeros where a chunk should be.
struct WaveLayout: Equatable {
    /// The chunk that says how samples are coded, without its name and size.
    var format: [UInt8]
    /// Octets of sound that are in the file.
    var data: Range<Int64>
    /// Octets of sound that the header promises and the file lacks.
    var missing: Int64

    /// The code of a compressed or plain format (RFC 2361); 0xfffe means see the extension.
    var formatTag: Int { format[0...1].littleEndian }
    var isMP3: Bool { formatTag == 0x55 }

    /// A header that stands before the octets of ``data`` to make them a plain file.
    var header: [UInt8] {
        let format = format + (format.count % 2 == 0 ? [] : [0])
        let body = 4 + 8 + format.count + 8
        let size = min(data.upperBound - data.lowerBound, 0xffff_ff00 - Int64(body))
        return Array("RIFF".utf8) + littleEndian(Int(size) + body) + Array("WAVEfmt ".utf8)
            + littleEndian(format.count) + format + Array("data".utf8) + littleEndian(Int(size))
    }

    /// - Parameters:
    ///   - size: octets in the file.
    ///   - read: gives octets of the file, fewer only at its end.
    /// - Returns: nil when this isn't a RIFF/WAVE file with a format before its sound.
    init?(size: Int64, read: (_ offset: Int64, _ count: Int) -> [UInt8]) {
        let start = read(0, 12)
        guard start.count == 12, start[0..<4].elementsEqual("RIFF".utf8),
            start[8..<12].elementsEqual("WAVE".utf8)
        else { return nil }
        var at: Int64 = 12
        var format: [UInt8]?
        // Far more chunks than any file has; a bound on the work for a hostile one.
        for _ in 0..<10_000 where at + 8 <= size {
            let chunk = read(at, 8)
            guard chunk.count == 8 else { return nil }
            let promised = Int64(chunk[4..<8].littleEndian)
            let body = at + 8
            if chunk[0..<4].elementsEqual("data".utf8) {
                guard let format else { return nil }
                let available = size - body
                self.format = format
                if promised == 0, WaveLayout.isChunk(at: body, size: size, read) {
                    data = body..<body
                    missing = 0
                } else if WaveLayout.isUnknown(promised) || promised == 0 {
                    data = body..<size
                    missing = 0
                } else {
                    data = body..<body + min(promised, available)
                    missing = max(0, promised - available)
                }
                return
            }
            if chunk[0..<4].elementsEqual("fmt ".utf8), promised >= 14, promised <= 128 {
                let octets = read(body, Int(promised))
                guard octets.count == promised else { return nil }
                format = octets
            }
            at = WaveLayout.next(
                after: body, promised: promised, name: chunk[0..<4], size: size, read)
        }
        return nil
    }

    /// What writers put there who never came back to fill in the size.
    private static func isUnknown(_ promised: Int64) -> Bool { promised >= 0x7fff_0000 }

    /// Whether a chunk that ends where the file does, or before, stands at `offset`.
    private static func isChunk(
        at offset: Int64, size: Int64, _ read: (Int64, Int) -> [UInt8]
    ) -> Bool {
        let chunk = read(offset, 8)
        return chunk.count == 8 && isName(chunk[0..<4])
            && offset + 8 + Int64(chunk[4..<8].littleEndian) <= size
    }

    /// The place of the next chunk: after the pad octet, if there is one.
    private static func next(
        after body: Int64, promised: Int64, name: ArraySlice<UInt8>, size: Int64,
        _ read: (Int64, Int) -> [UInt8]
    ) -> Int64 {
        // Zeros where a chunk should be: the next even place with something in it.
        if name.allSatisfy({ $0 == 0 }) {
            var at = body - 8
            while at < size {
                let octets = read(at, 4096)
                if octets.isEmpty { return size }
                if let found = octets.firstIndex(where: { $0 != 0 }) { return at + Int64(found) }
                at += Int64(octets.count)
            }
            return size
        }
        let end = body + promised
        guard promised % 2 == 1 else { return end }
        let following = read(end, 5)
        // The pad octet is 0, and no chunk's name begins with that.
        return following.first == 0 || following.count < 5
            ? end + 1 : isName(following[0..<4]) ? end : end + 1
    }

    private static func isName(_ octets: ArraySlice<UInt8>) -> Bool {
        octets.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
    }
}

extension Collection<UInt8> {
    /// The number that up to 8 octets make, least first.
    var littleEndian: Int {
        reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

private func littleEndian(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}
