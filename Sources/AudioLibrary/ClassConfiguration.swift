/// How one class of music is played, `music.classes.NAME`.
package struct ClassConfiguration: Sendable, Equatable {
    package enum Order: Sendable, Equatable {
        /// All tracks once per cycle, in an order that is the same on every node.
        case shuffle
        /// By the octets of the file names.
        case alphabetical
        /// One file, named relative to the class's folder, again and again.
        case file(String)
    }

    /// A short recording that is heard between the music.
    package struct Announcement: Sendable, Equatable {
        package enum Interval: Sendable, Equatable {
            /// After so much music; the track then goes on where it was cut.
            case seconds(Int)
            case tracks(Int)
        }

        /// Relative to the class's folder, or else to the media directory.
        package var file: String
        package var every: Interval

        package init(file: String, every: Interval) {
            self.file = file
            self.every = every
        }
    }

    package var order: Order
    package var announcement: Announcement?
    /// Louder or softer than `media.loudness`, in dB (-40 to 20).
    package var volume: Double
    /// A live source in place of files: `pipe:COMMAND`. The class's files play while it gives no
    /// sound.
    package var source: String?

    package init(
        order: Order = .shuffle, announcement: Announcement? = nil, volume: Double = 0,
        source: String? = nil
    ) {
        self.order = order
        self.announcement = announcement
        self.volume = volume
        self.source = source
    }
}
