import CLinux
import Glibc
import MediaEngine
import Primitives
import Synchronization

/// Drives the media of some calls: every 5 ms it takes commands, reads what has come, and sends
/// what is due. With no call it sleeps.
final class MediaThread: @unchecked Sendable {  // all but the inbox belongs to the thread
    enum Command {
        case open(MediaSession)
        case set(MediaSessionID, MediaSessionParameters)
        case play(MediaSessionID, sounds: [[Int16]], rate: Int, number: UInt64)
        case stopPlaying(MediaSessionID, number: UInt64)
        case record(MediaSessionID, RecordingParameters, number: UInt64)
        case stopRecording(MediaSessionID)
        case recordingFailed(number: UInt64, String)
        case close(MediaSessionID)
    }

    typealias EventHandler = @Sendable (MediaSessionID, MediaSessionEvent) -> Void

    private static let tick: Interval = .milliseconds(5)

    private struct Inbox {
        var commands: [Command] = []
        var isStopping = false
    }

    private let inbox = Mutex(Inbox())
    private let wake: EventCounter
    private let epoll: Int32
    private let handler: EventHandler
    private let reader = DatagramReader()
    private var sessions: [MediaSessionID: MediaSession] = [:]
    /// By descriptor.
    private var owners: [Int32: (session: MediaSession, isRTCP: Bool)] = [:]

    init(handler: @escaping EventHandler) throws(MediaEngineError) {
        self.handler = handler
        wake = try EventCounter()
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else {
            throw .system(call: "epoll_create1", errno: errno, at: "the interactive media")
        }
    }

    deinit {
        if epoll >= 0 { Glibc.close(epoll) }
    }

    func post(_ command: Command) {
        inbox.withLock { $0.commands.append(command) }
        wake.signal()
    }

    func stop() {
        inbox.withLock { $0.isStopping = true }
        wake.signal()
    }

    // MARK: The thread

    func run() {
        let ready = UnsafeMutablePointer<epoll_event>.allocate(capacity: 1024)
        ready.initialize(repeating: epoll_event(), count: 1024)
        defer { ready.deallocate() }
        var next = MachineClock.monotonic()
        while true {
            if sessions.isEmpty {
                var entry = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&entry, 1, -1)
                wake.clear()
                next = MachineClock.monotonic()
            }
            let (commands, isLast) = inbox.withLock { inbox in
                defer { inbox.commands = [] }
                return (inbox.commands, inbox.isStopping)
            }
            let now = reader.readClocks()
            for command in commands { perform(command, now) }
            // What has arrived belongs to what a later command ends, and is read before it is due.
            let count = epoll_wait(epoll, ready, 1024, 0)
            for i in 0..<max(0, Int(count)) { read(ready[i].data.fd, ready[i].events, now) }
            for session in sessions.values {
                session.tick(at: now)
                for event in session.takeEvents() { handler(session.id, event) }
            }
            if isLast {
                for id in Array(sessions.keys) { close(id, now) }
                return
            }
            next = next + MediaThread.tick
            let rest = next - MachineClock.monotonic()
            if rest > .zero {
                usleep(useconds_t(rest.nanoseconds / 1000))
            } else {
                next = MachineClock.monotonic()
            }
        }
    }

    private func perform(_ command: Command, _ now: Instant) {
        switch command {
        case .open(let session):
            sessions[session.id] = session
            watch(session.sockets.rtp.descriptor, session, isRTCP: false)
            watch(session.sockets.rtcp.descriptor, session, isRTCP: true)
        case .set(let id, let parameters): sessions[id]?.set(parameters, at: now)
        case .play(let id, let sounds, let rate, let number):
            sessions[id]?.play(sounds, rate: rate, number: number)
        case .stopPlaying(let id, let number): sessions[id]?.stopPlaying(number: number)
        case .record(let id, let parameters, let number):
            sessions[id]?.record(parameters, number: number, at: now)
        case .stopRecording(let id):
            drain(id, now)
            sessions[id]?.stopRecording(at: now)
        case .recordingFailed(let number, let failure):
            for session in sessions.values { session.recordingFailed(number, failure) }
        case .close(let id):
            drain(id, now)
            close(id, now)
        }
    }

    /// Nothing that has come by now is left in the socket.
    private func drain(_ id: MediaSessionID, _ now: Instant) {
        guard let session = sessions[id] else { return }
        read(session.sockets.rtp.descriptor, 0, now)
    }

    private func close(_ id: MediaSessionID, _ now: Instant) {
        guard let session = sessions.removeValue(forKey: id) else { return }
        session.close(at: now)
        for socket in [session.sockets.rtp, session.sockets.rtcp] {
            epoll_ctl(epoll, EPOLL_CTL_DEL, socket.descriptor, nil)
            owners[socket.descriptor] = nil
        }
    }

    private func watch(_ descriptor: Int32, _ session: MediaSession, isRTCP: Bool) {
        owners[descriptor] = (session, isRTCP)
        reader.prepare(descriptor)
        var event = epoll_event()
        event.events = UInt32(EPOLLIN.rawValue)
        event.data.fd = descriptor
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }

    private func read(_ descriptor: Int32, _ flags: UInt32, _ now: Instant) {
        guard let (session, isRTCP) = owners[descriptor] else { return }
        if flags & UInt32(EPOLLERR.rawValue) != 0 { session.readErrors() }
        reader.read(descriptor, at: now) { datagram, source, arrival in
            session.received(datagram, from: source, isRTCP: isRTCP, at: arrival)
        }
    }
}
