package import Logging
package import Playout

/// Sends music by RTP to thousands of listeners from a few threads.
///
/// All methods may be called from any thread; none waits for a sending thread.
package final class MediaEngine: Sendable {
    package let configuration: MediaEngineConfiguration

    /// - Parameter events: called on a thread of the engine's own; must not block.
    package init(
        configuration: MediaEngineConfiguration, logger: Logger,
        events: @escaping @Sendable (StreamEvent) -> Void
    ) {
        self.configuration = configuration
    }

    package func start() throws(MediaEngineError) {}

    /// Sends RTCP BYE for every stream, then ends the threads and closes the sockets.
    package func stop() {}

    package var health: MediaEngineHealth {
        MediaEngineHealth(isRunning: false, realTimeProblem: nil, memoryProblem: nil)
    }

    /// Makes the class, or changes what it plays. A listener whose format `playlist` lacks keeps
    /// the old one. The old playlist's memory is let go once no thread reads it.
    package func setPlaylist(
        _ playlist: Playlist, of classID: ClassID, _ change: PlaylistChange = .now
    ) {}

    /// Ends the class's multicast groups and takes no new streams for it; open ones play on.
    package func removeClass(_ classID: ClassID) {}

    /// Starts a stream, or with no destination or `isSending` false prepares one.
    package func open(_ parameters: StreamParameters) throws(MediaEngineError) -> OpenStream {
        throw .notRunning
    }

    /// Changes anything about a stream but `local`, `isSymmetric` and the kind of its source,
    /// without a gap: the next packet follows at most one packet time after the last.
    package func update(
        _ id: StreamID, _ parameters: StreamParameters
    ) throws(MediaEngineError) {
        throw .notRunning
    }

    /// Ends a stream; ``StreamEvent/closed(_:position:)`` follows.
    package func close(_ id: StreamID) {}

    package func startMulticast(
        _ parameters: MulticastParameters
    ) throws(MediaEngineError) -> MulticastID {
        throw .notRunning
    }

    package func stopMulticast(_ id: MulticastID) {}

    package var statistics: MediaEngineStatistics { MediaEngineStatistics() }

    /// The packet times in which a format fits a packet, shortest first.
    package func packetTimes(of format: MediaFormat) -> [Int] {
        PacketTime.all.filter {
            format.octets(of: .milliseconds($0)) <= configuration.maximumPayload
        }
    }
}
