/// What a class of music consists of at one time: when what plays, and the audio to play.
package struct Playlist: Sendable {
    package let programme: Programme
    /// For each format that is ready: the segments of ``programme`` by index, that is the tracks
    /// in the order of ``Programme/lengths``, then the announcement if there is one.
    package let renditions: [MediaFormat: [Rendition]]

    /// - Returns: nil when a format lacks a segment, or has one of another length or format.
    package init?(programme: Programme, renditions: [MediaFormat: [Rendition]]) {
        var lengths = programme.lengths
        if let announcement = programme.announcement { lengths.append(announcement.length) }
        for (format, segments) in renditions {
            guard segments.count == lengths.count else { return nil }
            for (segment, length) in zip(segments, lengths) {
                guard segment.format == format, segment.length == length else { return nil }
            }
        }
        self.programme = programme
        self.renditions = renditions
    }
}
