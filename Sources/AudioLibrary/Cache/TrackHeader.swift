import Playout

/// The first page of a file in the cache: what is in it and where.
///
/// All numbers are little endian. The page ends with the SHA-256 of what is before it, so that a
/// file that was cut, mixed up or written by another version is known for what it is.
struct TrackHeader: Equatable {
    struct Section: Equatable {
        var format: MediaFormat
        var offset: Int64
        var octets: Int64
    }

    var hash: ContentHash
    var length: MediaTime
    /// Measured before any gain, in LUFS; for people who look into it.
    var loudness: Double
    var title: String?
    var sections: [Section]

    static let size = 4096
    private static let magic = Array("INTRMZO1".utf8)
    private static let longestTitle = 1024

    init(
        hash: ContentHash, length: MediaTime, loudness: Double, title: String?,
        formats: [MediaFormat]
    ) {
        self.hash = hash
        self.length = length
        self.loudness = loudness
        // Cut between characters, so that it stays text.
        var kept = title ?? ""
        while kept.utf8.count > TrackHeader.longestTitle { kept.removeLast() }
        self.title = title == nil ? nil : kept
        sections = []
        var at = Int64(TrackHeader.size)
        for format in formats {
            let octets = TrackHeader.octets(format, length)
            sections.append(Section(format: format, offset: at, octets: octets))
            at = (at + octets + 4095) / 4096 * 4096
        }
    }

    /// Octets of the whole file.
    var fileSize: Int64 { sections.map { $0.offset + $0.octets }.max() ?? Int64(TrackHeader.size) }

    /// Octets of a track of this length, whole units.
    private static func octets(_ format: MediaFormat, _ length: MediaTime) -> Int64 {
        let unit = format.unit.ticks
        return (length.ticks + unit - 1) / unit * Int64(format.octetsPerUnit)
    }

    /// The page; nil when libcrypto failed.
    var page: [UInt8]? {
        var octets = TrackHeader.magic + hash.octets
        append(UInt64(bitPattern: length.ticks), to: &octets)
        append(loudness.bitPattern, to: &octets)
        append(UInt64(sections.count), to: &octets)
        for section in sections {
            append(UInt64(section.format.rawValue), to: &octets)
            append(UInt64(bitPattern: section.offset), to: &octets)
            append(UInt64(bitPattern: section.octets), to: &octets)
        }
        append(title == nil ? UInt64.max : UInt64(title?.utf8.count ?? 0), to: &octets)
        octets += Array((title ?? "").utf8)
        octets += repeatElement(0, count: TrackHeader.size - 32 - octets.count)
        return SHA256.digest(octets).map { octets + $0.octets }
    }

    /// Reads a page; nil when it isn't one, or was changed since it was written.
    init?(page: [UInt8]) {
        guard page.count == TrackHeader.size, page.starts(with: TrackHeader.magic),
            let digest = SHA256.digest(page[..<(TrackHeader.size - 32)]),
            digest.octets.elementsEqual(page[(TrackHeader.size - 32)...]),
            let hash = ContentHash(octets: page[8..<40])
        else { return nil }
        self.hash = hash
        var at = 40
        func next() -> UInt64? {
            guard at + 8 <= page.count else { return nil }
            defer { at += 8 }
            return page[at..<at + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard let ticks = next(), let loudness = next(), let count = next(), count <= 64 else {
            return nil
        }
        length = MediaTime(ticks: Int64(bitPattern: ticks))
        guard length > .zero, length.ticks < 1 << 48 else { return nil }
        self.loudness = Double(bitPattern: loudness)
        sections = []
        for _ in 0..<count {
            guard let raw = next(), let offset = next(), let octets = next(),
                let format = UInt8(exactly: raw).flatMap(MediaFormat.init(rawValue:)),
                let start = Int64(exactly: offset), let length = Int64(exactly: octets),
                start >= Int64(TrackHeader.size), start < 1 << 60, start % 4096 == 0,
                length == TrackHeader.octets(format, self.length)
            else { return nil }
            sections.append(Section(format: format, offset: start, octets: length))
        }
        guard let titleLength = next() else { return nil }
        if titleLength == .max {
            title = nil
        } else {
            guard titleLength <= TrackHeader.longestTitle, at + Int(titleLength) <= page.count - 32
            else { return nil }
            title = String(decoding: page[at..<at + Int(titleLength)], as: UTF8.self)
        }
    }
}

private func append(_ number: UInt64, to octets: inout [UInt8]) {
    for shift in stride(from: 0, to: 64, by: 8) {
        octets.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
}
