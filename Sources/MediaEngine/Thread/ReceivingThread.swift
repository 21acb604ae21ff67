import CLinux
import Glibc
import Playout
import Primitives
import RTP
import Sockets
import Synchronization

/// The thread that reads what listeners send, and hands on what the sending threads report.
///
/// It runs without real-time priority: whatever arrives, and however much, sending goes first.
final class ReceivingThread: @unchecked Sendable {
    // `senders` is set before the thread starts; the buffers are the thread's own.
    var senders: [SendingThread] = []
    private weak var engine: MediaEngine?
    private let wake: EventCounter
    private let epoll: Int32
    private let isStopping = Atomic(false)

    /// More than any RTCP packet that fits a path; of RTP only the header is needed.
    private let batch = DatagramBatch(capacity: 64, limit: 1500)
    private var nextSweep = Instant(nanoseconds: 0)
    private var nextSlowSweep = Instant(nanoseconds: 0)
    private var cursors: [ClassID: (playlist: PreparedPlaylist, cursor: ProgrammeCursor)] = [:]

    init(engine: MediaEngine) throws(MediaEngineError) {
        self.engine = engine
        wake = try EventCounter()
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else {
            throw .system(call: "epoll_create1", errno: errno, at: "the media engine")
        }
        watch(wake.descriptor)
    }

    deinit { Glibc.close(epoll) }

    var wakeDescriptor: Int32 { wake.descriptor }

    /// A socket leaves by being closed.
    func listen(to socket: UDPSocket) { watch(socket.descriptor) }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
    }

    private func watch(_ descriptor: Int32) {
        var event = epoll_event()
        event.events = UInt32(EPOLLIN.rawValue)
        event.data.fd = descriptor
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }

    // MARK: The thread

    func run() {
        let ready = UnsafeMutablePointer<epoll_event>.allocate(capacity: 64)
        ready.initialize(repeating: epoll_event(), count: 64)
        defer { ready.deallocate() }
        var hasMulticast = false
        while true {
            let isLast = isStopping.load(ordering: .acquiring)
            let count = isLast ? 0 : epoll_wait(epoll, ready, 64, hasMulticast ? 10 : 100)
            guard let engine else { return }
            let now = MachineClock.monotonic()
            var events: [StreamEvent] = []
            for i in 0..<max(0, Int(count)) {
                let descriptor = ready[i].data.fd
                if descriptor == wake.descriptor {
                    wake.clear()
                } else {
                    read(descriptor, ready[i].events, engine, now, &events)
                }
            }
            takeNotices(engine, now, &events)
            if now >= nextSweep {
                hasMulticast = sweep(engine, now, &events)
                nextSweep = now + .milliseconds(hasMulticast ? 10 : 100)
            }
            engine.deliver(events)
            if isLast { return }
        }
    }

    private func read(
        _ descriptor: Int32, _ flags: UInt32, _ engine: MediaEngine, _ now: Instant,
        _ events: inout [StreamEvent]
    ) {
        guard let entry = engine.state.withLock({ $0.sockets[descriptor] }) else { return }
        if flags & UInt32(EPOLLERR.rawValue) != 0 {
            var failures: [Endpoint] = []
            entry.socket.receiveErrors { destination, code in
                // A path that takes less: the next packet goes in fragments.
                if code != EMSGSIZE { failures.append(destination) }
            }
            engine.state.withLock { state in
                for destination in failures {
                    state.countFailure(
                        descriptor, destination, isRTCP: entry.isRTCP, at: now, &events)
                }
            }
        }
        let count = batch.receive(descriptor)
        guard count > 0 else { return }
        let wall = MachineClock.wall()
        var commands: [(thread: Int, StreamCommand)] = []
        engine.state.withLock { state in
            for i in 0..<count {
                guard let source = batch.source(of: i) else { continue }
                state.receive(
                    batch.octets(of: i).span, on: descriptor, owner: entry.owner, from: source,
                    at: now,
                    wall: wall, &events, &commands)
            }
            for (thread, command) in commands where senders.indices.contains(thread) {
                senders[thread].post(command)
            }
        }
    }

    // MARK: What the sending threads report

    private func takeNotices(
        _ engine: MediaEngine, _ now: Instant, _ events: inout [StreamEvent]
    ) {
        for sender in senders {
            let notices = sender.takeNotices()
            guard !notices.isEmpty else { continue }
            // What is released here is freed after the lock.
            engine.state.withLock { state in
                for notice in notices {
                    switch notice {
                    case .closed(let number, let position):
                        guard let id = state.finish(number, on: sender.number) else { continue }
                        events.append(.closed(id, position: MediaTime(ticks: position)))
                    case .multicastClosed(let number):
                        let id = MulticastID(number: UInt64(number))
                        if let group = state.multicasts.removeValue(forKey: id) {
                            state.sockets[group.sockets.listener.descriptor] = nil
                        }
                    case .refused(let number, _):
                        guard state.byNumber.indices.contains(sender.number),
                            let id = state.byNumber[sender.number][number]
                        else { continue }
                        state.countFailure(id, at: now, &events)
                    case .released:
                        break
                    }
                }
            }
        }
    }

    // MARK: What time brings

    /// - Returns: whether there are multicast groups to look after more often.
    private func sweep(
        _ engine: MediaEngine, _ now: Instant, _ events: inout [StreamEvent]
    ) -> Bool {
        let isSlow = now >= nextSlowSweep
        if isSlow { nextSlowSweep = now + .seconds(1) }
        var readAheads: [(ClassID, PreparedPlaylist, Set<MediaFormat>)] = []
        let hasMulticast = engine.state.withLock { state in
            for id in state.onTrial {
                guard let stream = state.streams[id], case .waiting(let until) = stream.proof,
                    now >= until, stream.parameters.isSending
                else { continue }
                state.leave(stream)
                state.streams[id]?.proof = .expired
                state.counts.proofsExpired += 1
                if let stream = state.streams[id] {
                    state.enter(stream)
                    senders[stream.thread].post(.update(number: stream.number, stream.setup))
                }
                events.append(.proofExpired(id))
            }
            for id in state.multicasts.keys {
                guard state.multicasts[id]?.isDue(at: now) == true,
                    let group = state.multicasts[id]
                else { continue }
                senders[group.thread].post(.activate(number: group.number, true))
            }
            if isSlow {
                state.watchRTCP(at: now, &events)
                readAheads = state.formatsInUse()
            }
            return !state.multicasts.isEmpty
        }
        for (id, playlist, formats) in readAheads {
            if cursors[id]?.playlist !== playlist {
                cursors[id] = (playlist, ProgrammeCursor(playlist.programme))
            }
            guard var cursor = cursors[id]?.cursor else { continue }
            let from = MediaTime(nanoseconds: MachineClock.wall().nanoseconds).ticks
            for format in formats {
                playlist.readAhead(&cursor, format, from: from)
            }
            cursors[id]?.cursor = cursor
        }
        return hasMulticast
    }
}
