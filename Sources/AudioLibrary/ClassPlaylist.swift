package import Playout

/// What a class plays from now on, or from its next change of track.
package struct ClassPlaylist: Sendable {
    /// Holds every format of ``AudioLibraryConfiguration/formats``.
    package let playlist: Playlist
    /// The title of each segment of the programme: the file's own, else its name.
    package let titles: [String]
    /// Why this isn't the class's own music; nil when it is.
    package var fallback: FallbackCause?
    /// Whether this is a live source's sound, which has no tracks.
    package var isLive: Bool
    /// Whether it takes the place of what plays at once and not at the end of a track.
    package var interrupts: Bool

    package init(
        playlist: Playlist, titles: [String], fallback: FallbackCause? = nil, isLive: Bool = false,
        interrupts: Bool = false
    ) {
        self.playlist = playlist
        self.titles = titles
        self.fallback = fallback
        self.isLive = isLive
        self.interrupts = interrupts
    }
}
