package import Playout

/// What a class plays from now on, or from its next change of track.
package struct ClassPlaylist: Sendable {
    /// Holds every format of ``AudioLibraryConfiguration/formats``.
    package let playlist: Playlist
    /// The title of each segment of the programme: the file's own, else its name.
    package let titles: [String]
    /// Why this isn't the class's own music; nil when it is.
    package let fallback: FallbackCause?

    package init(playlist: Playlist, titles: [String], fallback: FallbackCause? = nil) {
        self.playlist = playlist
        self.titles = titles
        self.fallback = fallback
    }
}
