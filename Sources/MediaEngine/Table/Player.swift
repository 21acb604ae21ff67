import Playout

/// A prepared playlist as one sending thread plays it.
final class Player {
    let playlist: PreparedPlaylist
    /// Lanes, personal streams and classes that refer to it; at none it goes.
    var users: Int32 = 0
    private var cursor: ProgrammeCursor

    init(_ playlist: PreparedPlaylist) {
        self.playlist = playlist
        cursor = ProgrammeCursor(playlist.programme)
    }

    func locate(_ ticks: Int64) -> ProgrammePosition { cursor.locate(MediaTime(ticks: ticks)) }
}
