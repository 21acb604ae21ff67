/// When a class's new playlist is heard.
package enum PlaylistChange: Hashable, Sendable {
    /// With the next packet.
    case now
    /// When the segment that plays has ended; for a personal stream, the one that it plays.
    case atTrackEnd
}
