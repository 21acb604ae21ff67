package import Playout

/// What the library knows of one file, link or folder in the media directory.
package struct FileReport: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// It isn't whole yet, or a link leads nowhere; the text says what is waited for.
        case waiting(String)
        /// Whole; its turn to be prepared comes, or is now.
        case preparing
        case playing
        /// It can't be played, for the reason given.
        case broken(String)
    }

    /// Relative to the media directory.
    package var path: String
    /// The class that it belongs to; nil for what is in no class.
    package var className: String?
    package var state: State
    /// How much of its preparation is done, 0 to 1; nil unless it is under way.
    package var progress: Double?
    /// Known once it is prepared.
    package var title: String?
    /// Known once it is prepared.
    package var length: MediaTime?

    package init(
        path: String, className: String?, state: State, title: String? = nil,
        length: MediaTime? = nil
    ) {
        self.path = path
        self.className = className
        self.state = state
        self.title = title
        self.length = length
    }
}
