import Foundation
import Logging
import Playout
import Synchronization

@testable import AudioLibrary

/// A library at work in a scratch directory, and what it published.
final class Listening: Sendable {
    struct Published: Sendable {
        var className: String
        var playlist: ClassPlaylist
    }

    let scratch: Scratch
    let library: AudioLibrary
    private let stream: AsyncStream<Published>
    private let latest = Mutex<[String: ClassPlaylist]>([:])
    private let count = Mutex(0)

    init(
        _ scratch: Scratch, formats: [MediaFormat] = [.pcmu],
        classes: [String: ClassConfiguration] = [:],
        configure: (inout AudioLibraryConfiguration) -> Void = { _ in }
    ) throws {
        self.scratch = scratch
        try FileManager.default.createDirectory(
            atPath: scratch.file("Media"), withIntermediateDirectories: true)
        var configuration = AudioLibraryConfiguration(
            mediaDirectory: scratch.file("Media"), cacheDirectory: scratch.file("cache"),
            formats: formats, classes: classes)
        configure(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        library = AudioLibrary(configuration: configuration, logger: logger)
        let (stream, continuation) = AsyncStream.makeStream(of: Published.self)
        self.stream = stream
        try library.start { [weak self] name, playlist in
            self?.latest.withLock { $0[name] = playlist }
            self?.count.withLock { $0 += 1 }
            continuation.yield(Published(className: name, playlist: playlist))
        }
    }

    deinit { library.stop() }

    /// What the class plays now.
    func current(_ name: String) -> ClassPlaylist? { latest.withLock { $0[name] } }

    var publications: Int { count.withLock { $0 } }

    /// Waits until the class plays tracks of these titles, and nothing else.
    func hears(_ name: String, _ titles: [String], fallback: FallbackCause? = nil) async
        -> ClassPlaylist?
    {
        await wait { published in
            published.className == name && published.playlist.titles.sorted() == titles.sorted()
                && published.playlist.fallback == fallback
        }
    }

    /// Waits until something that a class plays now meets the condition.
    func wait(_ condition: @Sendable (Published) -> Bool) async -> ClassPlaylist? {
        func met() -> ClassPlaylist? {
            latest.withLock { $0 }.map { Published(className: $0, playlist: $1) }
                .first(where: condition)?.playlist
        }
        if let playlist = met() { return playlist }
        for await _ in stream {
            if let playlist = met() { return playlist }
        }
        return nil
    }

    /// Waits until the library's reports say so.
    func reports(_ condition: @Sendable ([FileReport]) -> Bool) async -> [FileReport] {
        while true {
            let files = library.files
            if condition(files) { return files }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}
