package import Playout

/// What the library knows of one class.
package struct ClassReport: Sendable, Equatable {
    package var name: String
    /// Tracks of its own that play.
    package var tracks: Int
    /// Their length altogether.
    package var length: MediaTime
    /// Why it plays other music than its own; nil when it doesn't.
    package var fallback: FallbackCause?
    /// How its live source does; nil when it has none.
    package var source: SourceReport?

    package init(
        name: String, tracks: Int, length: MediaTime, fallback: FallbackCause?,
        source: SourceReport? = nil
    ) {
        self.name = name
        self.tracks = tracks
        self.length = length
        self.fallback = fallback
        self.source = source
    }
}
