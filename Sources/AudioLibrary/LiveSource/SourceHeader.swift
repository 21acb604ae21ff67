/// Finds out from a live source's first octets what it sends: a RIFF/WAVE or AU header and what it
/// says, or else plain samples.
///
/// Sizes in headers are not looked at: who writes into a pipe doesn't know them.
enum SourceHeader: Equatable {
    /// It takes more octets to tell.
    case incomplete
    /// The sound begins after `length` octets.
    case format(SourceFormat, length: Int)
    /// It can't be played, for the reason given.
    case fault(String)

    /// More than any header has before its sound.
    private static let limit = 1 << 16

    /// - Parameter octets: all that came so far.
    init(_ octets: [UInt8]) {
        guard octets.count >= 4 else {
            self = .incomplete
            return
        }
        if octets.starts(with: "RIFF".utf8) || octets.starts(with: "RF64".utf8) {
            self = SourceHeader.wave(octets)
        } else if octets.starts(with: ".snd".utf8) {
            self = SourceHeader.au(octets)
        } else {
            self = .format(.raw, length: 0)
        }
    }

    private static func wave(_ octets: [UInt8]) -> SourceHeader {
        guard octets.count >= 12 else { return .incomplete }
        guard octets[8..<12].elementsEqual("WAVE".utf8) else {
            return .fault("its RIFF header is none of WAVE")
        }
        var format: SourceFormat?
        var at = 12
        while at + 8 <= octets.count {
            let name = octets[at..<at + 4]
            let size = octets[at + 4..<at + 8].littleEndian
            at += 8
            if name.elementsEqual("data".utf8) {
                guard let format else { return .fault("its WAVE header has no format") }
                return .format(format, length: at)
            }
            guard size <= limit else { return .fault("its WAVE header is damaged") }
            if name.elementsEqual("fmt ".utf8) {
                guard octets.count >= at + size else { return .incomplete }
                guard size >= 16, let found = waveFormat(octets[at..<at + size]) else {
                    return .fault("its WAVE header names samples other than plain ones")
                }
                format = found
            }
            at += size + size % 2
        }
        return octets.count > limit ? .fault("its WAVE header has no end") : .incomplete
    }

    private static func waveFormat(_ chunk: ArraySlice<UInt8>) -> SourceFormat? {
        let start = chunk.startIndex
        func number(_ offset: Int, _ count: Int) -> Int {
            chunk[start + offset..<start + offset + count].littleEndian
        }
        var tag = number(0, 2)
        // WAVE_FORMAT_EXTENSIBLE: the tag proper begins the sub-format.
        if tag == 0xfffe, chunk.count >= 26 { tag = number(24, 2) }
        let sample: SourceFormat.Sample
        switch (tag, number(14, 2)) {
        case (1, 8): sample = .unsigned8
        case (1, 16): sample = .signed16
        case (1, 24): sample = .signed24
        case (1, 32): sample = .signed32
        case (3, 32): sample = .float32
        case (6, 8): sample = .aLaw
        case (7, 8): sample = .muLaw
        default: return nil
        }
        return checked(
            SourceFormat(
                sample: sample, isBigEndian: false, rate: number(4, 4), channels: number(2, 2)))
    }

    private static func au(_ octets: [UInt8]) -> SourceHeader {
        guard octets.count >= 24 else { return .incomplete }
        func number(_ word: Int) -> Int {
            octets[4 * word..<4 * word + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        let length = number(1)
        guard (24...limit).contains(length) else { return .fault("its AU header is damaged") }
        guard octets.count >= length else { return .incomplete }
        let sample: SourceFormat.Sample
        switch number(3) {
        case 1: sample = .muLaw
        case 2: sample = .signed8
        case 3: sample = .signed16
        case 4: sample = .signed24
        case 5: sample = .signed32
        case 6: sample = .float32
        case 27: sample = .aLaw
        default: return .fault("its AU header names samples other than plain ones")
        }
        let format = SourceFormat(
            sample: sample, isBigEndian: true, rate: number(4), channels: number(5))
        guard let format = checked(format) else {
            return .fault("its AU header names a rate or a number of channels out of range")
        }
        return .format(format, length: length)
    }

    private static func checked(_ format: SourceFormat) -> SourceFormat? {
        guard (4000...192_000).contains(format.rate), (1...16).contains(format.channels) else {
            return nil
        }
        return format
    }
}
