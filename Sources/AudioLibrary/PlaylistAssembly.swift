import Playout

extension ClassContent {
    /// Lays the content out as a programme.
    /// - Parameter tone: what is played when there is no track at all.
    func playlist(formats: [MediaFormat], tone: PreparedTrack) -> ClassPlaylist? {
        let items = items.isEmpty ? [Item(path: "tone", track: tone)] : items
        let order: Programme.Order =
            configuration.order == .shuffle ? .shuffle(seed: fnv1a(name)) : .sequential
        var announced: Programme.Announcement?
        if let announcement, let every = configuration.announcement?.every {
            let interval: Programme.AnnouncementInterval =
                switch every {
                case .seconds(let seconds): .time(.seconds(max(1, seconds)))
                case .tracks(let count): .tracks(max(1, count))
                }
            announced = Programme.Announcement(
                length: announcement.track.length, interval: interval)
        }
        let segments = items + (announced == nil ? [] : announcement.map { [$0] } ?? [])
        guard
            let programme = Programme(
                lengths: items.map(\.track.length), order: order, announcement: announced)
        else { return nil }
        var renditions: [MediaFormat: [Rendition]] = [:]
        for format in formats {
            let all = segments.compactMap { $0.track.renditions[format] }
            if all.count == segments.count { renditions[format] = all }
        }
        return Playlist(programme: programme, renditions: renditions).map { playlist in
            ClassPlaylist(
                playlist: playlist,
                titles: segments.map { $0.track.title ?? FileNames.title($0.path) },
                fallback: fallback)
        }
    }
}

/// Fowler, Noll and Vo's hash (FNV-1a, 64 bits): the same number on every node.
func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}
