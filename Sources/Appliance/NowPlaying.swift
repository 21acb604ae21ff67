internal import AudioLibrary
internal import Playout
internal import Synchronization

/// What each class plays, as it was published last.
final class NowPlaying: Sendable {
    /// What is heard of a class at one moment.
    struct Moment: Sendable {
        var title: String
        /// How far into it, and how long it is; nil for a live source.
        var position: MediaTime?
        var length: MediaTime?
    }

    private let playlists = Mutex<[String: ClassPlaylist]>([:])

    /// - Returns: whether the class played other music than its own until now.
    func note(_ playlist: ClassPlaylist, of name: String) -> Bool {
        playlists.withLock { playlists in
            let before = playlists.updateValue(playlist, forKey: name)
            return before?.fallback != nil
        }
    }

    /// What listeners of a live class hear. They hear the end of a track that a change of the
    /// programme has overtaken; this already tells what the new programme plays.
    func moment(of name: String, atNanoseconds wall: Int64) -> Moment? {
        guard let playlist = playlists.withLock({ $0[name] }) else { return nil }
        if playlist.isLive { return playlist.titles.first.map { Moment(title: $0) } }
        let programme = playlist.playlist.programme
        var cursor = ProgrammeCursor(programme)
        let place = cursor.locate(MediaTime(nanoseconds: wall))
        guard playlist.titles.indices.contains(place.segment) else { return nil }
        let isTrack = programme.lengths.indices.contains(place.segment)
        return Moment(
            title: playlist.titles[place.segment], position: place.offset,
            length: isTrack
                ? programme.lengths[place.segment] : programme.announcement?.length ?? .zero)
    }
}
