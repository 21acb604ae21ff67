package import Logging

/// The music on disk, watched: prepares what appears and publishes what each class plays.
///
/// Classes are the folders of the media directory by name, `default` for files beside them, and
/// `users/USER` for a user's own files. A class that is configured but has no folder is published
/// too: it falls back to the default class, and that to a soft tone, so that nobody ever hears
/// nothing.
package final class AudioLibrary: Sendable {
    /// Takes what a class plays from now on. Called on a thread of the library, one call at a
    /// time; the first calls come from within ``start(publish:)``.
    package typealias Publish = @Sendable (_ className: String, _ playlist: ClassPlaylist) -> Void

    package init(configuration: AudioLibraryConfiguration, logger: Logger) {}

    /// Publishes every class that is known so far (with the tone where nothing is ready), then
    /// watches and prepares on threads of its own until ``stop()``.
    package func start(publish: @escaping Publish) throws(AudioLibraryError) {}

    /// Follows a changed configuration; what both have in common plays on.
    package func apply(_ configuration: AudioLibraryConfiguration) {}

    /// Ends all threads and returns when they have ended. What was published stays readable.
    package func stop() {}

    /// Every file, link and folder that is or should be music, by path.
    package var files: [FileReport] { [] }

    /// Every class, by name.
    package var classes: [ClassReport] { [] }

    /// Looks at every file once, decoding each to its end but preparing nothing, for
    /// `intermezzo check` and `intermezzo media list` without a running appliance. Takes a few
    /// milliseconds per minute of music.
    package static func survey(_ configuration: AudioLibraryConfiguration) -> [FileReport] { [] }
}
