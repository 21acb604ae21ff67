import CLinux
import Glibc
import Primitives
import Synchronization

/// The thread that keeps the sending threads' packet rings told which way each stream's packets take.
///
/// It runs without real-time priority, and nobody waits for it: until it has spoken, packets leave by
/// the socket.
final class PathThread: @unchecked Sendable {  // all but the inbox is used by the thread alone
    private enum Order {
        case want(PathFinder.Flow, PathFinder.Listener)
        case unwant(PathFinder.Flow, PathFinder.Listener)
        case mark(dscp: UInt8)
    }

    private struct Inbox {
        var orders: [Order] = []
        var isStopping = false
    }

    private let senders: [SendingThread]
    private let inbox = Mutex(Inbox())
    private let wake: EventCounter
    private let tables: NetlinkSocket
    private let changes: NetlinkSocket
    private var finder = PathFinder()
    private var dscp: UInt8

    init(senders: [SendingThread], dscp: UInt8) throws(MediaEngineError) {
        self.senders = senders
        self.dscp = dscp
        wake = try EventCounter()
        tables = try NetlinkSocket(hearsChanges: false)
        changes = try NetlinkSocket(hearsChanges: true)
        tables.dscp = dscp
    }

    // MARK: Called by others

    func want(_ flow: PathFinder.Flow, for listener: PathFinder.Listener) {
        post(.want(flow, listener))
    }

    func unwant(_ flow: PathFinder.Flow, for listener: PathFinder.Listener) {
        post(.unwant(flow, listener))
    }

    /// Gives packets to come a differentiated services code point.
    func mark(dscp: UInt8) { post(.mark(dscp: dscp)) }

    func stop() {
        inbox.withLock { $0.isStopping = true }
        wake.signal()
    }

    private func post(_ order: Order) {
        inbox.withLock { $0.orders.append(order) }
        wake.signal()
    }

    // MARK: The thread

    func run() {
        while true {
            var ready = [
                pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: changes.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            poll(&ready, 2, milliseconds())
            wake.clear()
            let (orders, isStopping) = inbox.withLock { inbox in
                let orders = inbox.orders
                inbox.orders = []
                return (orders, inbox.isStopping)
            }
            if isStopping { return }
            let now = MachineClock.monotonic()
            for order in orders {
                switch order {
                case .want(let flow, let listener): finder.want(flow, for: listener)
                case .unwant(let flow, let listener): finder.unwant(flow, for: listener)
                case .mark(let dscp):
                    self.dscp = dscp
                    tables.dscp = dscp
                    finder.forgetAll(at: now)
                }
            }
            if !changes.receive({ finder.receive($0, at: now) }) { finder.forgetAll(at: now) }
            // Before the tables are looked at, so that what is forgotten is not sent meanwhile.
            handOut()
            var tables = tables
            finder.look(in: &tables, at: now)
            handOut()
        }
    }

    private func milliseconds() -> Int32 {
        guard let deadline = finder.deadline else { return -1 }
        let wait = deadline - MachineClock.monotonic()
        return wait.nanoseconds <= 0 ? 0 : Int32(clamping: wait.nanoseconds / 1_000_000 + 1)
    }

    private func handOut() {
        var byThread: [Int: [PathChange]] = [:]
        for change in finder.takeChanges() {
            let listener = change.listener
            byThread[Int(listener.thread), default: []].append(
                PathChange(number: listener.number, path: change.hop.map { path($0, change) }))
        }
        for (thread, changes) in byThread where senders.indices.contains(thread) {
            senders[thread].post(.paths(changes))
        }
    }

    private func path(_ hop: PathFinder.Hop, _ change: PathFinder.Change) -> PacketPath {
        let flow = change.flow
        return PacketPath(
            hop, from: flow.source, to: flow.destination.address, socket: change.listener.socket,
            dscp: dscp, timeToLive: timeToLive(change.listener.socket, flow.source.address.isIPv6))
    }

    /// What the kernel would give the packets.
    private func timeToLive(_ socket: Int32, _ isIPv6: Bool) -> UInt8 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let code =
            isIPv6
            ? getsockopt(socket, Int32(IPPROTO_IPV6), IPV6_UNICAST_HOPS, &value, &length)
            : getsockopt(socket, Int32(IPPROTO_IP), IP_TTL, &value, &length)
        return code == 0 && (1...255).contains(value) ? UInt8(value) : 64
    }
}
