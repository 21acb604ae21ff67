/// Which payload type numbers mean what in a session, for as long as it lasts: a number once
/// bound to a codec is never offered for another (RFC 3264 §8.3.2).
struct PayloadBindings: Sendable {
    private var maps: [UInt8: RTPMap] = [:]
    /// The latest number for an encoding, by its lower-case text.
    private var numbers: [String: UInt8] = [:]

    /// Takes in what a description that was agreed on says.
    mutating func learn(_ description: SessionDescription) {
        for stream in description.media where stream.isAudio {
            for (number, map) in stream.encodings() { bind(number, to: map) }
        }
    }

    /// The number to offer an encoding with: the session's latest, else the preferred, else a
    /// free one. Nil when none is left.
    mutating func number(for map: RTPMap, preferred: UInt8?) -> UInt8? {
        if let number = numbers[key(map)] { return number }
        // The dynamic range, then what RFC 3551 leaves unassigned and RTCP doesn't need
        // (RFC 5761 §4).
        let candidates =
            Array(96...127 as ClosedRange<UInt8>) + Array(35...63 as ClosedRange<UInt8>)
        let own = preferred.flatMap { maps[$0] == nil ? $0 : nil }
        guard
            let number = own
                ?? candidates.first(where: {
                    maps[$0] == nil && !Self.reserved.contains($0)
                })
        else { return nil }
        bind(number, to: map)
        return number
    }

    /// Numbers that are somebody's first choice in our own offers.
    private static let reserved: Set<UInt8> = [101, 107]

    private mutating func bind(_ number: UInt8, to map: RTPMap) {
        maps[number] = map
        numbers[key(map)] = number
    }

    private func key(_ map: RTPMap) -> String { map.text.lowercased() }
}
