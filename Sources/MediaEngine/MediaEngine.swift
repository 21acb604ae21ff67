import CLinux
import Glibc
package import Logging
package import Playout
import Primitives
import RTP
import Sockets
import Synchronization

/// Sends music by RTP to thousands of listeners from a few threads.
///
/// All methods may be called from any thread; none waits for a sending thread.
package final class MediaEngine: Sendable {
    package let configuration: MediaEngineConfiguration
    let logger: Logger
    private let events: @Sendable (StreamEvent) -> Void
    let state: Mutex<EngineState>
    let threads = Mutex<Threads>(Threads())

    struct Threads {
        var senders: [SendingThread] = []
        var handles: [pthread_t] = []
        var receiver: ReceivingThread?
        var paths: PathThread?
        var pathsHandle: pthread_t?
        var realTimeProblem: String?
        var memoryProblem: String?
        var ringProblem: String?
    }

    /// - Parameter events: called on a thread of the engine's own; must not block.
    package init(
        configuration: MediaEngineConfiguration, logger: Logger,
        events: @escaping @Sendable (StreamEvent) -> Void
    ) {
        self.configuration = configuration
        self.logger = logger
        self.events = events
        var random = EngineRandom(seed: configuration.seed)
        let start = Int(random.next() & 0x7fff)
        state = Mutex(
            EngineState(
                random: random, ports: PortPairs(configuration.ports, start: start),
                dscp: configuration.dscp, maximumStreams: configuration.maximumStreams))
    }

    deinit { stop() }

    // MARK: Classes

    /// Makes the class, or changes what it plays. A listener whose format `playlist` lacks keeps
    /// the old one. The old playlist's memory is let go once no thread reads it.
    package func setPlaylist(
        _ playlist: Playlist, of classID: ClassID, _ change: PlaylistChange = .now
    ) {
        let prepared = PreparedPlaylist(playlist)
        prepared.unlockMemory()
        let senders = threads.withLock { $0.senders }
        state.withLock { state in
            let index: Int32
            if var known = state.classes[classID] {
                index = known.index
                known.playlist = prepared
                known.formats.formUnion(prepared.formats)
                known.isRemoved = false
                state.classes[classID] = known
            } else {
                index = Int32(state.classIDs.count)
                state.classIDs.append(classID)
                state.classes[classID] = EngineState.ClassControl(
                    id: classID, index: index, playlist: prepared, formats: prepared.formats)
            }
            for sender in senders {
                sender.post(.playlist(classIndex: index, prepared, change))
            }
        }
    }

    /// Ends the class's multicast groups and takes no new streams for it; open ones play on.
    package func removeClass(_ classID: ClassID) {
        let senders = threads.withLock { $0.senders }
        let groups = state.withLock { state -> [MulticastID] in
            guard let index = state.classes[classID]?.index else { return [] }
            state.classes[classID]?.isRemoved = true
            for sender in senders { sender.post(.removeClass(classIndex: index)) }
            return state.multicasts.values.filter { $0.parameters.classID == classID }.map(\.id)
        }
        for group in groups { stopMulticast(group) }
    }

    // MARK: Streams

    /// Starts a stream, or with no destination or `isSending` false prepares one.
    package func open(_ parameters: StreamParameters) throws(MediaEngineError) -> OpenStream {
        try check(parameters)
        expectBeginning(of: parameters)
        let senders = threads.withLock { $0.senders }
        let now = MachineClock.monotonic()
        return try state.withLock { state throws(MediaEngineError) in
            guard state.isRunning, !senders.isEmpty else { throw .notRunning }
            guard state.streams.count < state.maximumStreams else {
                throw .full(limit: state.maximumStreams)
            }
            let classIndex = try classIndex(of: parameters, in: state)
            try refuseOwnPorts(parameters, in: state)
            let thread = ThreadChoice.thread(
                forStreamBeside: state.threads.map(\.streams),
                filling: configuration.streamsBeforeSpreading)
            let pair = try pair(for: parameters, on: thread, in: &state)
            let id = StreamID(number: state.nextID())
            let number = state.takeNumber(of: thread)
            var stream = StreamControl(
                id: id, thread: thread, number: number, classIndex: classIndex,
                parameters: parameters, pair: pair, ownsPair: parameters.isSymmetric,
                identity: SourceIdentity(ssrc: state.newSSRC()))
            stream.reviewProof(at: now, isElsewhere: true)
            stream.isTrialSilent = state.hasTrialsEnough(stream)
            if case .promised = parameters.rtcpWatch { stream.rtcpSince = now }
            var start: Int64 = 0
            if case .personal(_, let from) = parameters.source { start = from.ticks }
            let command = StreamCommand.open(
                number: number, stream.setup,
                // RFC 3550 §5.1; half the range keeps clear of an early wrap (RFC 3711 §3.3.1).
                sequence: UInt16.random(in: 0...0x7fff, using: &state.random),
                timestamp: UInt32.random(in: .min ... .max, using: &state.random), start: start)
            guard senders[thread].post(command, isUrgent: false) else {
                state.threads[thread].freeNumbers.append(number)
                throw .overloaded
            }
            if parameters.isSymmetric { listen(to: pair, .stream(id), in: &state) }
            state.streams[id] = stream
            state.byNumber[thread][number] = id
            state.threads[thread].streams += 1
            state.enter(stream)
            return OpenStream(
                id: id, rtp: pair.rtp.local, rtcp: stream.rtcpSocket.local,
                ssrc: stream.identity.ssrc)
        }
    }

    /// Has the first seconds of a stream read from disk while it is being set up.
    private func expectBeginning(of parameters: StreamParameters) {
        let known = state.withLock { $0.classes[parameters.source.classID] }
        guard let playlist = known?.playlist else { return }
        var start = MediaTime(nanoseconds: MachineClock.wall().nanoseconds)
        if case .personal(_, let from) = parameters.source { start = from }
        var cursor = ProgrammeCursor(playlist.programme)
        playlist.expect(cursor.locate(start), in: parameters.format)
    }

    /// Changes anything about a stream but `local`, `isSymmetric` and the kind of its source,
    /// without a gap: the next packet follows at most one packet time after the last.
    package func update(
        _ id: StreamID, _ parameters: StreamParameters
    ) throws(MediaEngineError) {
        try check(parameters)
        let senders = threads.withLock { $0.senders }
        let now = MachineClock.monotonic()
        let newSSRC = try state.withLock { state throws(MediaEngineError) -> UInt32? in
            guard let old = state.streams[id], !old.isClosing else { throw .unknownStream(id) }
            guard parameters.local == old.parameters.local else {
                throw .address(parameters.local)
            }
            let classIndex = try classIndex(
                of: parameters, in: state, isOpen: parameters.format == old.parameters.format)
            guard classIndex == old.classIndex else {
                throw .unknownClass(parameters.source.classID)
            }
            try refuseOwnPorts(parameters, in: state)
            var stream = old
            state.leave(old)
            stream.parameters = parameters
            stream.parameters.isSymmetric = old.parameters.isSymmetric
            let isElsewhere = parameters.destination != old.parameters.destination
            if isElsewhere { stream.forgetListener() }
            stream.reviewProof(at: now, isElsewhere: isElsewhere)
            stream.isTrialSilent = state.hasTrialsEnough(stream)
            if parameters.rtcpWatch != old.parameters.rtcpWatch {
                stream.rtcpSince = nil
                if case .promised = parameters.rtcpWatch { stream.rtcpSince = now }
                if case .onceHeard = parameters.rtcpWatch, stream.hasHeardRTCP {
                    stream.rtcpSince = now
                }
            }
            var ssrc: UInt32?
            // RFC 7160 §4.1: one SSRC has one clock rate.
            if parameters.format.clockRate != old.parameters.format.clockRate {
                let new = state.newSSRC()
                stream.identity = SourceIdentity(ssrc: new)
                ssrc = new
            }
            state.streams[id] = stream
            state.enter(stream)
            senders[stream.thread].post(.update(number: stream.number, stream.setup))
            return ssrc
        }
        if let newSSRC { events(.ssrcChanged(id, newSSRC)) }
    }

    private func refuseOwnPorts(
        _ parameters: StreamParameters, in state: EngineState
    ) throws(MediaEngineError) {
        guard let destination = parameters.destination, destination.address == parameters.local,
            state.isOurs(destination) || state.isOurs(parameters.rtcpDestination)
        else { return }
        throw .ownPort(destination)
    }

    /// Ends a stream; ``StreamEvent/closed(_:position:)`` follows.
    package func close(_ id: StreamID) {
        let senders = threads.withLock { $0.senders }
        state.withLock { state in
            guard var stream = state.streams[id], !stream.isClosing else { return }
            state.leave(stream)
            stream.isClosing = true
            state.streams[id] = stream
            if senders.indices.contains(stream.thread) {
                senders[stream.thread].post(.close(number: stream.number))
            }
        }
    }
}

// MARK: - Checks and sockets

extension MediaEngine {
    func octets(of format: MediaFormat, _ packetTime: Int) -> Int {
        format.octets(of: .milliseconds(packetTime))
            + format.payloadPrefix(packetTime: packetTime).count
    }

    func check(
        _ format: MediaFormat, _ packetTime: Int, _ payloadType: UInt8, _ local: IPAddress
    ) throws(MediaEngineError) {
        guard PacketTime.all.contains(packetTime) else { throw .packetTime(packetTime) }
        let octets = octets(of: format, packetTime)
        guard octets <= configuration.maximumPayload else {
            throw .payloadTooLarge(octets: octets, limit: configuration.maximumPayload)
        }
        guard payloadType < 128 else { throw .payloadType(payloadType) }
        guard !local.isUnspecified, !local.isMulticast, !local.isLimitedBroadcast else {
            throw .address(local)
        }
    }

    private func check(_ parameters: StreamParameters) throws(MediaEngineError) {
        try check(
            parameters.format, parameters.packetTime, parameters.payloadType, parameters.local)
        for endpoint in [parameters.destination, parameters.rtcpDestination] {
            guard let address = endpoint?.address, !address.isUnspecified else { continue }
            guard !address.isMulticast, !address.isLimitedBroadcast,
                address.isIPv6 == parameters.local.isIPv6
            else { throw .address(address) }
        }
    }

    private func classIndex(
        of parameters: StreamParameters, in state: borrowing EngineState, isOpen: Bool = false
    ) throws(MediaEngineError) -> Int32 {
        let id = parameters.source.classID
        guard let known = state.classes[id], isOpen || !known.isRemoved else {
            throw .unknownClass(id)
        }
        guard isOpen || known.playlist.formats.contains(parameters.format) else {
            throw .formatNotPrepared(id, parameters.format)
        }
        return known.index
    }

    private func pair(
        for parameters: StreamParameters, on thread: Int, in state: inout EngineState
    ) throws(MediaEngineError) -> SocketPair {
        if parameters.isSymmetric {
            return try state.ports.take(
                on: parameters.local, dscp: state.dscp, bufferOctets: 1 << 16)
        }
        if let known = state.threads[thread].pairs[parameters.local] { return known }
        let pair = try state.ports.take(
            on: parameters.local, dscp: state.dscp, bufferOctets: 8 << 20, isShared: true)
        state.threads[thread].pairs[parameters.local] = pair
        listen(to: pair, .shared, in: &state)
        return pair
    }

    private func listen(
        to pair: SocketPair, _ owner: EngineState.Owner, in state: inout EngineState
    ) {
        state.sockets[pair.rtp.descriptor] = (pair.rtp, owner, false)
        state.sockets[pair.rtcp.descriptor] = (pair.rtcp, owner, true)
        threads.withLock {
            $0.receiver?.listen(to: pair.rtp)
            $0.receiver?.listen(to: pair.rtcp)
        }
    }

    func deliver(_ events: [StreamEvent]) {
        for event in events { self.events(event) }
    }
}
