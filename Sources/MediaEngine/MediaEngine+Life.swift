import CLinux
import Glibc
import Logging
import Primitives
import Sockets
import Synchronization

/// From start to stop: threads, rings, and what the machine refuses them.
extension MediaEngine {
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
}
