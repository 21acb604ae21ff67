package import AudioLibrary
internal import MediaEngine
internal import Playout
internal import UserAgent

/// What `intermezzo status` shows.
package struct Status: Sendable, Codable, Equatable {
    package struct Class: Sendable, Codable, Equatable {
        package var name: String
        package var listeners: Int
        package var tracks: Int
        /// Seconds of music of its own.
        package var length: Double
        /// What live listeners hear now, how far into it in seconds, and how long it is.
        package var title: String?
        package var position: Double?
        package var titleLength: Double?
        /// Why it plays other music than its own.
        package var fallback: String?
        /// Its live source, where it has one.
        package var source: Source?
    }

    package struct Source: Sendable, Codable, Equatable {
        package var source: String
        /// playing, starting (its command runs, and gives no sound yet) or failed.
        package var state: String
        package var restarts: Int
        package var lastFailure: String?
    }

    package struct File: Sendable, Codable, Equatable {
        package var path: String
        package var className: String?
        package var state: String
        /// How much of its preparation is done, 0 to 1, while it is under way.
        package var progress: Double?
        /// Why it does not play.
        package var reason: String?
        /// Seconds.
        package var length: Double?
    }

    package var node: String
    package var calls: Int
    package var streams: Int
    package var classes: [Class]
    package var files: [File]
    package var failures: [String]
    package var alarms: [String]

    init(_ snapshot: ApplianceState.Snapshot, _ configuration: Configuration) {
        node = configuration.node.name
        calls = snapshot.sip.sessions
        streams = snapshot.media.streams
        classes = snapshot.classes.map { report in
            let now = snapshot.playing[report.name]
            return Class(
                name: report.name, listeners: snapshot.listeners[report.name] ?? 0,
                tracks: report.tracks, length: report.length.seconds,
                title: now?.title, position: now?.position?.seconds,
                titleLength: now?.length?.seconds, fallback: report.fallback?.description,
                source: report.source.map(Source.init))
        }
        files = snapshot.files.map(File.init)
        failures = snapshot.health.failures
        alarms = snapshot.health.alarms
    }
}

extension Status.Source {
    init(_ report: SourceReport) {
        source = report.source
        state = report.state.rawValue
        restarts = report.restarts
        lastFailure = report.lastFailure
    }
}

extension Status.File {
    package init(_ report: FileReport) {
        path = report.path
        className = report.className
        length = report.length?.seconds
        progress = report.progress
        switch report.state {
        case .waiting(let what): (state, reason) = ("waiting", what)
        case .preparing: (state, reason) = ("preparing", nil)
        case .playing: (state, reason) = ("playing", nil)
        case .broken(let why): (state, reason) = ("broken", why)
        }
    }
}
