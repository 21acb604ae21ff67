/// What a recording holds.
package struct MessageVerdict: Sendable, Equatable {
    package enum Kind: String, Sendable, Equatable {
        case speech
        case silence
        /// Sound without speech.
        case noise
        /// Tones of a network or of a fax machine, and nothing else of note.
        case tone
    }

    package var kind: Kind
    /// Samples to keep for the reader: from shortly before the first speech to shortly after the
    /// last, so that tones after it are cut off. All of it when there is no speech.
    package var speech: Range<Int>
    /// Samples up to the tones that a network adds when the caller has hung up.
    package var length: Int
    /// Of ``Kind/tone``: the line that was heard most, in Hz.
    package var frequency: Int?

    package init(kind: Kind, speech: Range<Int>, length: Int) {
        self.kind = kind
        self.speech = speech
        self.length = length
    }
}
