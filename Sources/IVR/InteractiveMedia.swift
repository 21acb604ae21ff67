import Glibc
package import Logging
package import MediaEngine
import Playout
package import Primitives
import Synchronization

/// The media of calls that one talks to: plays phrases and tones, hears keys, records.
///
/// It may be called from any thread; nothing here waits for the network or a disk. Events come on
/// threads of its own, those of one session in order.
package final class InteractiveMedia: Sendable {
    /// Where a new session is, for the session description.
    package struct Opened: Sendable {
        package let id: MediaSessionID
        package let rtp: Endpoint
        package let rtcp: Endpoint
    }

    private struct State {
        var ports: PortPairs
        var nextSession: UInt64 = 1
        var nextRecording: UInt64 = 1
        var nextPlay: UInt64 = 1
        var open: Set<MediaSessionID> = []
        var rates: [MediaSessionID: Int] = [:]
        var threads: [pthread_t] = []
        var isRunning = false
    }

    private let configuration: InteractiveMediaConfiguration
    private let handler: MediaThread.EventHandler
    private let state: Mutex<State>
    private let media: [MediaThread]
    private let writer: RecordingWriter
    private let loader: PromptLoader

    /// - Parameter events: called for each event; it must not wait.
    package init(
        _ configuration: InteractiveMediaConfiguration, logger: Logger,
        events: @escaping @Sendable (MediaSessionID, MediaSessionEvent) -> Void
    ) throws(MediaEngineError) {
        self.configuration = configuration
        handler = events
        state = Mutex(
            State(ports: PortPairs(configuration.ports, start: Int.random(in: 0..<4096))))
        var threads: [MediaThread] = []
        for _ in 0..<2 { threads.append(try MediaThread(handler: events)) }
        media = threads
        let all = threads
        writer = try RecordingWriter(limit: configuration.maximumUnwritten) { number, failure in
            for thread in all { thread.post(.recordingFailed(number: number, failure)) }
        }
        loader = PromptLoader(limit: configuration.promptCache, logger: logger)
    }

    package func start() throws(MediaEngineError) {
        try writer.start()
        for (i, thread) in media.enumerated() {
            let started = try startThread(named: "ivr-\(i)") { thread.run() }
            state.withLock { $0.threads.append(started) }
        }
        state.withLock { $0.isRunning = true }
    }

    /// Ends every session; returns when all recordings are on disk and their events were told.
    package func stop() {
        let threads = state.withLock { state in
            state.isRunning = false
            defer { state.threads = [] }
            return state.threads
        }
        loader.stop()
        for thread in media { thread.stop() }
        for thread in threads { pthread_join(thread, nil) }
        writer.stop()
    }

    /// Sessions that are open.
    package var count: Int { state.withLock { $0.open.count } }

    // MARK: Sessions

    /// Opens the ports of a call. Nothing is sent before `set`.
    package func open(on local: IPAddress) throws(InteractiveMediaError) -> Opened {
        let limit = configuration.maximumSessions
        let result = state.withLock {
            state -> Result<(MediaSessionID, SocketPair), InteractiveMediaError> in
            guard state.isRunning else { return .failure(.notRunning) }
            guard state.open.count < limit else { return .failure(.full(limit: limit)) }
            do throws(MediaEngineError) {
                let pair = try state.ports.take(
                    on: local, dscp: configuration.dscp, bufferOctets: 1 << 17)
                let id = MediaSessionID(number: state.nextSession)
                state.nextSession += 1
                state.open.insert(id)
                return .success((id, pair))
            } catch {
                return .failure(.sockets("\(error)"))
            }
        }
        let (id, pair) = try result.get()
        let session = MediaSession(
            id: id, sockets: pair, cname: configuration.cname, writer: writer,
            now: MachineClock.monotonic())
        let handler = handler
        session.deliver = { handler(id, $0) }
        thread(of: id).post(.open(session))
        return Opened(id: id, rtp: pair.rtp.local, rtcp: pair.rtcp.local)
    }

    /// What was settled, also when it changes in the middle of a call.
    package func set(_ id: MediaSessionID, _ parameters: MediaSessionParameters) {
        state.withLock { $0.rates[id] = parameters.format.sampleRate }
        thread(of: id).post(.set(id, parameters))
    }

    /// Plays these in place of what is being played; ``MediaSessionEvent/played`` tells the end.
    package func play(_ id: MediaSessionID, _ items: [PlayItem]) {
        let (number, rate) = state.withLock { state in
            defer { state.nextPlay += 1 }
            return (state.nextPlay, state.rates[id] ?? 8000)
        }
        let thread = thread(of: id)
        loader.load(items, rate: rate) { sounds in
            thread.post(.play(id, sounds: sounds, rate: rate, number: number))
        }
    }

    package func stopPlaying(_ id: MediaSessionID) {
        let number = state.withLock { state in
            defer { state.nextPlay += 1 }
            return state.nextPlay
        }
        thread(of: id).post(.stopPlaying(id, number: number))
    }

    /// Records what comes from now on; ``MediaSessionEvent/recorded(_:)`` tells the end.
    package func record(_ id: MediaSessionID, _ parameters: RecordingParameters) {
        let number = state.withLock { state in
            defer { state.nextRecording += 1 }
            return state.nextRecording
        }
        thread(of: id).post(.record(id, parameters, number: number))
    }

    package func stopRecording(_ id: MediaSessionID) { thread(of: id).post(.stopRecording(id)) }

    /// Ends what is being recorded, says goodbye and frees the ports. Only a
    /// ``MediaSessionEvent/recorded(_:)`` may still come.
    package func close(_ id: MediaSessionID) {
        state.withLock { state in
            state.open.remove(id)
            state.rates[id] = nil
        }
        thread(of: id).post(.close(id))
    }

    private func thread(of id: MediaSessionID) -> MediaThread {
        media[Int(id.number % UInt64(media.count))]
    }
}
