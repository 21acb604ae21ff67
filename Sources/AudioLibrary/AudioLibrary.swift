import Glibc
package import Logging
import Primitives
import Synchronization

/// The music on disk, watched: prepares what appears and publishes what each class plays.
///
/// Classes are the folders of the media directory by name, `default` for files beside them, and
/// `users/USER` for a user's own files. A class that is configured but has no folder is published
/// too: it falls back to the default class, and that to a soft tone, so that nobody ever hears
/// nothing.
package final class AudioLibrary: Sendable {
    /// Takes what a class plays from now on. Called on threads of the library, one call at a time;
    /// the first calls come from within ``start(publish:)``.
    package typealias Publish = @Sendable (_ className: String, _ playlist: ClassPlaylist) -> Void

    private struct State {
        var configuration: AudioLibraryConfiguration
        var thread: SystemThread?
        var pool: PreparationPool?
        var sources: LiveSources?
    }

    private let state: Mutex<State>
    private let mailbox: LibraryMailbox
    private let logger: Logger

    package init(configuration: AudioLibraryConfiguration, logger: Logger) {
        state = Mutex(State(configuration: configuration))
        mailbox = LibraryMailbox()
        self.logger = logger
    }

    /// Publishes every class that is known so far (with the tone where nothing is ready), then
    /// watches and prepares on threads of its own until ``stop()``.
    package func start(publish: @escaping Publish) throws(AudioLibraryError) {
        let configuration = state.withLock { $0.configuration }
        let cache = try TrackCache(directory: configuration.cacheDirectory)
        let index = ContentIndex(path: "\(configuration.cacheDirectory)/index")
        let pool = PreparationPool(
            root: configuration.mediaDirectory, cache: cache, index: index
        ) { [mailbox] job, outcome in
            mailbox.put(.finished(job, outcome))
        }
        let sources = LiveSources(logger: logger, publish: publish)
        let loop = LibraryLoop(
            configuration: configuration, cache: cache, index: index, pool: pool, mailbox: mailbox,
            logger: logger, publish: sources.publishFiles)
        try pool.start(workers: configuration.workers ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        // What there is is known, and sounds, when this returns.
        loop.turn()
        // The loop is handed over: from here on only its thread touches it.
        nonisolated(unsafe) let handed = loop
        let thread = try SystemThread(name: "audio-library") { handed.run() }
        state.withLock {
            $0.thread = thread
            $0.pool = pool
            $0.sources = sources
        }
        sources.apply(configuration)
    }

    /// Follows a changed configuration; what both have in common plays on. The directories can't
    /// be changed while it runs.
    package func apply(_ configuration: AudioLibraryConfiguration) {
        mailbox.put(.apply(configuration))
        state.withLock { $0.sources }?.apply(configuration)
    }

    /// Ends all threads and returns when they have ended. What was published stays readable.
    package func stop() {
        let (thread, pool, sources) = state.withLock { state in
            defer {
                state.thread = nil
                state.pool = nil
                state.sources = nil
            }
            return (state.thread, state.pool, state.sources)
        }
        sources?.stop()
        mailbox.put(.stop)
        thread?.join()
        pool?.stop()
    }

    /// Every file, link and folder that is or should be music, by path.
    package var files: [FileReport] {
        let shares = state.withLock { $0.pool }?.shares ?? [:]
        guard !shares.isEmpty else { return mailbox.reports.files }
        return mailbox.reports.files.map { report in
            var report = report
            if report.state == .preparing { report.progress = shares[report.path] }
            return report
        }
    }

    /// Every class, by name.
    package var classes: [ClassReport] {
        let sources = state.withLock { $0.sources }?.reports ?? [:]
        guard !sources.isEmpty else { return mailbox.reports.classes }
        return mailbox.reports.classes.map { report in
            var report = report
            report.source = sources[report.name]
            // What its files are like is no matter while they aren't needed.
            if report.source?.state == .playing { report.fallback = nil }
            return report
        }
    }
}
