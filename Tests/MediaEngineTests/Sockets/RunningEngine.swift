import Logging
import MediaEngine
import Playout
import Primitives

/// An engine on real sockets, with what it notices as a sequence.
final class RunningEngine {
    let engine: MediaEngine
    private var events: AsyncStream<StreamEvent>.Iterator

    init(
        _ music: Music? = nil, siteSeed: UInt64 = 0,
        change: (inout MediaEngineConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = MediaEngineConfiguration()
        configuration.threads = 1
        // Where it may be had, so that other tests beside this one do not matter.
        configuration.realTimePriority = 10
        configuration.locksMemory = false
        configuration.siteSeed = siteSeed
        configuration.rtcpInterval = .milliseconds(500)
        change(&configuration)
        let (stream, continuation) = AsyncStream.makeStream(of: StreamEvent.self)
        events = stream.makeAsyncIterator()
        engine = MediaEngine(
            configuration: configuration,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { continuation.yield($0) }
        try engine.start()
        if let music { engine.setPlaylist(music.playlist, of: "default") }
    }

    deinit { engine.stop() }

    /// The next event that `pick` makes something of; others are passed over.
    func event<T>(_ pick: (StreamEvent) -> T?) async -> T? {
        while let event = await events.next() {
            if let found = pick(event) { return found }
        }
        return nil
    }

    func closed(_ id: StreamID) async -> MediaTime? {
        await event { event in
            if case .closed(id, let position) = event { position } else { nil }
        }
    }
}

extension StreamParameters {
    static func to(_ destination: Endpoint?, start: MediaTime? = .zero) -> StreamParameters {
        StreamParameters(
            source: start.map { .personal("default", start: $0) } ?? .live("default"),
            format: .pcmu, payloadType: 0, destination: destination, local: .loopbackV4)
    }
}
