/// What a class plays, before it is laid out as a programme.
struct ClassContent: Sendable {
    struct Item: Sendable {
        var path: String
        var track: PreparedTrack
    }

    /// In the order in which all nodes list them.
    var items: [Item]
    var announcement: Item?
    var configuration: ClassConfiguration
    /// Seeds the shuffle; for a fallback the name of the class that it comes from.
    var name: String
    var fallback: FallbackCause?

    /// Whether a listener would notice no difference.
    func isSame(as other: ClassContent) -> Bool {
        items.map(\.track.hash) == other.items.map(\.track.hash)
            && zip(items, other.items).allSatisfy { $0.track === $1.track && $0.path == $1.path }
            && announcement?.track === other.announcement?.track
            && configuration == other.configuration && name == other.name
            && fallback == other.fallback
    }
}
