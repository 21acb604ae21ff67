import Playout

/// One track, ready to be sent in every format that its settings name.
final class PreparedTrack: Sendable {
    let hash: ContentHash
    /// The file's own title; nil when it has none.
    let title: String?
    let length: MediaTime
    let renditions: [MediaFormat: Rendition]

    init(hash: ContentHash, title: String?, length: MediaTime, renditions: [MediaFormat: Rendition])
    {
        self.hash = hash
        self.title = title
        self.length = length
        self.renditions = renditions
    }
}
