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
    private let logger: Logger
    private let events: @Sendable (StreamEvent) -> Void
    let state: Mutex<EngineState>
    private let threads = Mutex<Threads>(Threads())

    private struct Threads {
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

    // MARK: Life

    package func start() throws(MediaEngineError) {
        let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let count = max(1, configuration.threads ?? processors)
        let receiver = try ReceivingThread(engine: self)
        var senders: [SendingThread] = []
        var (rings, ringProblem) = makeRings(count)
        for number in 0..<count {
            let seed = state.withLock { $0.random.next() }
            let table = StreamTable(
                capacity: configuration.maximumStreams,
                maximumPayload: configuration.maximumPayload,
                cappedInterval: 1000 / Int64(max(1, configuration.unprovenPacketsPerSecond)),
                rtcpInterval: configuration.rtcpInterval.nanoseconds / 1_000_000,
                cname: configuration.cname, seed: seed, sender: RingSender(rings[number]))
            senders.append(
                try SendingThread(
                    number: number, table: table, noticeDescriptor: receiver.wakeDescriptor))
        }
        receiver.senders = senders
        var memoryProblem: String?
        if configuration.locksMemory && clinux_lock_memory_on_fault() != 0 {
            memoryProblem =
                "memory can't be locked (mlockall: \(SystemError.text(errno))); give the process "
                + "CAP_IPC_LOCK, or LimitMEMLOCK=infinity in its unit"
        }
        var realTimeProblem: String?
        var handles: [pthread_t] = []
        for sender in senders {
            let handle = try startThread(named: "moh-send-\(sender.number)") { sender.run() }
            handles.append(handle)
            guard let priority = configuration.realTimePriority else {
                realTimeProblem = "real-time scheduling is switched off in the configuration"
                continue
            }
            var parameter = sched_param()
            parameter.sched_priority = Int32(priority)
            let code = pthread_setschedparam(handle, SCHED_FIFO, &parameter)
            if code != 0 {
                realTimeProblem =
                    "sending threads have no real-time priority (SCHED_FIFO: "
                    + "\(SystemError.text(code))); packets will be late when processors are "
                    + "busy: give the process CAP_SYS_NICE, or LimitRTPRIO=\(priority) in its unit"
            }
        }
        handles.append(try startThread(named: "moh-receive") { receiver.run() })
        var paths: PathThread?
        var pathsHandle: pthread_t?
        if configuration.usesPacketRing, ringProblem == nil {
            do throws(MediaEngineError) {
                let thread = try PathThread(senders: senders, dscp: state.withLock { $0.dscp })
                pathsHandle = try startThread(named: "moh-paths") { thread.run() }
                paths = thread
            } catch {
                ringProblem =
                    "no packet leaves by the packet ring, all by UDP sockets, since the kernel can't be "
                    + "asked for ways (\(error)): give the process AF_NETLINK in "
                    + "RestrictAddressFamilies of its unit; or set rtp.packet-ring to false"
            }
        }
        for problem in [realTimeProblem, memoryProblem, ringProblem] {
            if let problem { logger.warning("\(problem)") }
        }
        threads.withLock { threads in
            threads.senders = senders
            threads.handles = handles
            threads.receiver = receiver
            threads.paths = paths
            threads.pathsHandle = pathsHandle
            threads.ringProblem = ringProblem
            threads.realTimeProblem = realTimeProblem
            threads.memoryProblem = memoryProblem
        }
        state.withLock { state in
            state.threads = senders.map { _ in EngineState.ThreadControl() }
            state.byNumber = senders.map { _ in [:] }
            state.paths = paths
            state.isRunning = true
            for control in state.classes.values {
                for sender in senders {
                    sender.post(.playlist(classIndex: control.index, control.playlist, .now))
                }
            }
        }
        logger.info("media engine started", metadata: ["threads": "\(count)"])
    }

    /// One for each sending thread, or none and why.
    private func makeRings(_ count: Int) -> (rings: [PacketRing?], problem: String?) {
        let none = [PacketRing?](repeating: nil, count: count)
        guard configuration.usesPacketRing else { return (none, nil) }
        do throws(MediaEngineError) {
            var rings: [PacketRing?] = []
            for _ in 0..<count {
                rings.append(try PacketRing(capacity: configuration.maximumStreams))
            }
            return (rings, nil)
        } catch {
            return (
                none,
                "there is no packet ring (\(error)), and all packets leave by UDP sockets: give the "
                    + "process CAP_NET_RAW, and AF_PACKET in RestrictAddressFamilies of its unit; or "
                    + "set rtp.packet-ring to false"
            )
        }
    }

    /// Sends RTCP BYE for every stream, then ends the threads and closes the sockets.
    package func stop() {
        let running = threads.withLock { threads in
            let running = threads
            threads = Threads()
            return running
        }
        guard !running.handles.isEmpty else { return }
        state.withLock { state in
            state.isRunning = false
            state.paths = nil
        }
        running.paths?.stop()
        if let handle = running.pathsHandle { pthread_join(handle, nil) }
        for sender in running.senders { sender.stop() }
        for handle in running.handles.dropLast() { pthread_join(handle, nil) }
        running.receiver?.stop()
        if let last = running.handles.last { pthread_join(last, nil) }
        state.withLock { state in
            state.streams = StreamControls()
            state.multicasts = [:]
            state.bySSRC = [:]
            state.byPeer = [:]
            state.byNumber = []
            state.onTrial = []
            state.sockets = [:]
            state.threads = []
        }
    }

    /// Changes the code point of all packets to come, and the limit of streams: at most to what the
    /// engine was made for. Streams above a lower limit go on.
    package func reload(dscp: UInt8, maximumStreams: Int) {
        state.withLock { state in
            state.maximumStreams = min(maximumStreams, configuration.maximumStreams)
            guard dscp != state.dscp else { return }
            state.dscp = dscp
            state.paths?.mark(dscp: dscp)
            for (_, entry) in state.sockets { entry.socket.mark(dscp) }
            for pair in state.threads.flatMap(\.pairs.values) { pair.small.mark(dscp) }
            for group in state.multicasts.values {
                group.sockets.pair.rtp.mark(dscp)
                group.sockets.pair.rtcp.mark(dscp)
            }
        }
    }

    package var health: MediaEngineHealth {
        threads.withLock {
            MediaEngineHealth(
                isRunning: !$0.senders.isEmpty, realTimeProblem: $0.realTimeProblem,
                memoryProblem: $0.memoryProblem, ringProblem: $0.ringProblem)
        }
    }

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

    // MARK: Multicast

    /// Sends a class to a group, or stands by while another node does.
    package func startMulticast(
        _ parameters: MulticastParameters
    ) throws(MediaEngineError) -> MulticastID {
        guard parameters.group.address.isMulticast,
            parameters.group.address.isIPv6 == parameters.local.isIPv6,
            parameters.group.port % 2 == 0, parameters.group.port != 0
        else { throw .multicastGroup(parameters.group) }
        try check(
            parameters.format, parameters.packetTime, parameters.payloadType, parameters.local)
        let senders = threads.withLock { $0.senders }
        let now = MachineClock.monotonic()
        return try state.withLock { state throws(MediaEngineError) in
            guard state.isRunning, !senders.isEmpty else { throw .notRunning }
            guard let known = state.classes[parameters.classID], !known.isRemoved else {
                throw .unknownClass(parameters.classID)
            }
            guard known.playlist.formats.contains(parameters.format) else {
                throw .formatNotPrepared(parameters.classID, parameters.format)
            }
            let pair = try state.ports.take(
                on: parameters.local, dscp: state.dscp, bufferOctets: 1 << 18)
            let sockets = try MulticastSockets(parameters, pair: pair, dscp: state.dscp)
            let id = MulticastID(number: state.nextID())
            let identity = MulticastIdentity(parameters, siteSeed: configuration.siteSeed)
            let thread = Int(id.number % UInt64(senders.count))
            let stagger = Interval.milliseconds(Int(state.random.next() % 50))
            let control = MulticastControl(
                id: id, thread: thread, number: Int(id.number), parameters: parameters,
                sockets: sockets, ssrc: identity.ssrc, lastHeard: now, stagger: stagger)
            state.multicasts[id] = control
            state.sockets[sockets.listener.descriptor] = (
                sockets.listener, .multicast(id), false
            )
            threads.withLock { $0.receiver?.listen(to: sockets.listener) }
            let scope = try MulticastSockets.interfaceIndex(parameters)
            var destination = SocketAddress(parameters.group)
            var rtcp = SocketAddress(
                parameters.sendsRTCP
                    ? Endpoint(parameters.group.address, port: parameters.group.port + 1) : nil)
            if parameters.group.address.isIPv6 {
                destination.storage.sin6_scope_id = scope
                rtcp.storage.sin6_scope_id = scope
            }
            senders[thread].post(
                .openMulticast(
                    number: control.number,
                    MulticastSetup(
                        classIndex: known.index, format: parameters.format,
                        payloadType: parameters.payloadType,
                        packetTime: Int32(parameters.packetTime), destination: destination,
                        rtcpDestination: rtcp, socket: pair.rtp.descriptor,
                        rtcpSocket: pair.rtcp.descriptor, ssrc: identity.ssrc,
                        sequenceBase: identity.sequenceBase,
                        timestampBase: identity.timestampBase,
                        phase: Int64(identity.ssrc % UInt32(parameters.packetTime)))))
            return id
        }
    }

    package func stopMulticast(_ id: MulticastID) {
        let senders = threads.withLock { $0.senders }
        state.withLock { state in
            guard let group = state.multicasts[id], !group.isClosing else { return }
            state.multicasts[id]?.isClosing = true
            if senders.indices.contains(group.thread) {
                senders[group.thread].post(.closeMulticast(number: group.number))
            }
        }
    }

    /// Whether this node sends to the group; false while it stands by.
    package func isSending(_ id: MulticastID) -> Bool {
        state.withLock { $0.multicasts[id]?.isActive ?? false }
    }

    // MARK: Numbers

    package var statistics: MediaEngineStatistics {
        let senders = threads.withLock { $0.senders }
        var result = MediaEngineStatistics()
        let classIDs = state.withLock { state in
            for stream in state.streams.all where !stream.isClosing {
                let kind: MediaEngineStatistics.Kind
                if case .live = stream.parameters.source { kind = .live } else { kind = .personal }
                let key = MediaEngineStatistics.Key(
                    classID: stream.parameters.source.classID, format: stream.parameters.format,
                    kind: kind)
                result.traffic[key, default: .init()].streams += 1
                result.streams += 1
            }
            for group in state.multicasts.values where !group.isClosing {
                let key = MediaEngineStatistics.Key(
                    classID: group.parameters.classID, format: group.parameters.format,
                    kind: .multicast)
                result.traffic[key, default: .init()].streams += 1
            }
            result.listening = state.listening
            result.received = state.counts.received
            result.dropped = state.counts.dropped
            result.rtcpReceived = state.counts.rtcpReceived
            result.icmpErrors = state.counts.icmpErrors
            result.collisions = state.counts.collisions
            result.proofsExpired = state.counts.proofsExpired
            return state.classIDs
        }
        for sender in senders {
            let part = sender.statistics
            for lane in part.lanes where classIDs.indices.contains(Int(lane.classIndex)) {
                let key = MediaEngineStatistics.Key(
                    classID: classIDs[Int(lane.classIndex)], format: lane.format, kind: lane.kind)
                result.traffic[key, default: .init()].packets += lane.packets
                result.traffic[key, default: .init()].octets += lane.octets
            }
            for i in part.lateness.counts.indices {
                result.lateness.counts[i] += part.lateness.counts[i]
            }
            result.lateness.sum = result.lateness.sum + part.lateness.sum
            result.lateness.maximum = max(result.lateness.maximum, part.lateness.maximum)
            result.sendErrors += part.sendErrors
            result.skippedTicks += part.skippedTicks
            result.rtcpSent += part.rtcpSent
            result.ringPackets += part.ringPackets
        }
        return result
    }

    /// The packet times in which a format fits a packet, shortest first.
    package func packetTimes(of format: MediaFormat) -> [Int] {
        PacketTime.all.filter { octets(of: format, $0) <= configuration.maximumPayload }
    }
}

// MARK: - Checks and sockets

extension MediaEngine {
    private func octets(of format: MediaFormat, _ packetTime: Int) -> Int {
        format.octets(of: .milliseconds(packetTime))
            + format.payloadPrefix(packetTime: packetTime).count
    }

    private func check(
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
