import Glibc
import Logging
import Playout
import Synchronization

/// The live sources of all classes, and the choice between them and the files.
///
/// While a class's source plays, the class plays it; otherwise what the files give. A class that
/// has no music of its own follows the default class in this too.
final class LiveSources: Sendable {
    private struct State {
        /// What the files give.
        var files: [String: ClassPlaylist] = [:]
        var sources: [String: LiveSource] = [:]
        var onAir: Set<String> = []
        var defaultClass = ""
        /// Told to end, and not known to have ended.
        var ending: [LiveSource] = []
    }

    private let state = Mutex(State())
    private let publish: AudioLibrary.Publish
    private let logger: Logger

    init(logger: Logger, publish: @escaping AudioLibrary.Publish) {
        self.logger = logger
        self.publish = publish
    }

    /// Takes what the files of a class give.
    func publishFiles(_ className: String, _ playlist: ClassPlaylist) {
        state.withLock { state in
            state.files[className] = playlist
            guard !state.onAir.contains(className) else { return }
            if let choice = choice(className, state) { publish(className, choice) }
        }
    }

    /// Starts and ends sources as the configuration wants it; those that it leaves as they are
    /// play on.
    func apply(_ configuration: AudioLibraryConfiguration) {
        var wanted: [String: LiveSource.Settings] = [:]
        for (name, own) in configuration.classes {
            guard let source = own.source, source.hasPrefix("pipe:") else { continue }
            wanted[name] = LiveSource.Settings(
                className: name, command: String(source.dropFirst(5)), volume: own.volume,
                formats: configuration.formats)
        }
        state.withLock { state in
            state.defaultClass = configuration.defaultClass
            var predecessors: [String: LiveSource] = [:]
            for (name, source) in state.sources where source.settings != wanted[name] {
                source.stop()
                state.sources[name] = nil
                predecessors[name] = source
                leave(name, &state)
            }
            for (name, settings) in wanted where state.sources[name] == nil {
                start(settings, after: predecessors.removeValue(forKey: name), &state)
            }
            state.ending += predecessors.values
        }
    }

    /// Ends all sources and returns when they have ended.
    func stop() {
        let sources = state.withLock { state in
            defer {
                state.sources = [:]
                state.ending = []
            }
            return Array(state.sources.values) + state.ending
        }
        for source in sources { source.stop() }
        for source in sources { source.join() }
    }

    /// How the sources do, by class.
    var reports: [String: SourceReport] {
        state.withLock { $0.sources.mapValues(\.report) }
    }

    private func start(
        _ settings: LiveSource.Settings, after predecessor: LiveSource?, _ state: inout State
    ) {
        let made = LiveSource(settings, logger: logger) { [weak self] source, isOnAir in
            self?.air(source, isOnAir)
        }
        do throws(AudioLibraryError) {
            guard let made else { throw .noThread(errno: ENOMEM) }
            try made.start(after: predecessor)
            state.sources[settings.className] = made
        } catch {
            if let predecessor { state.ending.append(predecessor) }
            logger.error(
                "a live source can't be started",
                metadata: ["class": "\(settings.className)", "reason": "\(error)"])
        }
    }

    private func air(_ source: LiveSource, _ isOnAir: Bool) {
        let name = source.settings.className
        state.withLock { state in
            // One that was told to end has no say any more.
            guard state.sources[name] === source else { return }
            if isOnAir {
                state.onAir.insert(name)
                publishAnew(name, state)
            } else {
                leave(name, &state)
            }
        }
    }

    private func leave(_ name: String, _ state: inout State) {
        guard state.onAir.remove(name) != nil else { return }
        publishAnew(name, state)
    }

    /// Publishes what a class plays from now on, and what others play because of it.
    private func publishAnew(_ name: String, _ state: State) {
        var names = [name]
        if name == state.defaultClass {
            names += state.files.keys.filter {
                $0 != name && state.files[$0]?.fallback != nil && !state.onAir.contains($0)
            }
        }
        for name in names {
            guard var choice = choice(name, state) else { continue }
            choice.interrupts = true
            publish(name, choice)
        }
    }

    private func choice(_ name: String, _ state: State) -> ClassPlaylist? {
        if let live = live(name, state) { return live }
        let files = state.files[name]
        guard let fallback = files?.fallback, name != state.defaultClass,
            var live = live(state.defaultClass, state)
        else { return files }
        live.fallback = FallbackCause(
            reason: fallback.reason, substitute: .defaultClass(state.defaultClass))
        return live
    }

    private func live(_ name: String, _ state: State) -> ClassPlaylist? {
        guard state.onAir.contains(name), let source = state.sources[name] else { return nil }
        return ClassPlaylist(
            playlist: source.playlist, titles: ["live source"], isLive: true, interrupts: true)
    }
}
