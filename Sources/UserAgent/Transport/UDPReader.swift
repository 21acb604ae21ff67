import CLinux
import Dispatch
import Glibc
import NIOPosix
import Primitives
import SIP
import Sockets
import Synchronization

/// The thread that waits for what arrives at a UDP socket.
///
/// NIO 2.101 closes a datagram channel when its socket has an error that is not one of a few, and
/// takes no ICMP errors out of a socket's queue. So this waits in `recvmmsg`, which also is the only
/// system call for as many datagrams as are there.
final class UDPReader: Sendable {
    /// What one waking brought.
    struct Reading: Sendable {
        var received: [(bytes: [UInt8], flow: Flow)] = []
        var undelivered: [UndeliveredDatagram] = []
        var error: SocketError?
    }

    /// Datagrams of the largest size that one system call takes; only pages that are written to
    /// become memory.
    private static let datagramsPerRead = 16
    /// Readings that may wait for the event loop; beyond them the kernel keeps what arrives.
    private static let readingsAhead = 4
    /// Octets that hold the start line and the Via of any request of ours, as a rule the Call-ID too.
    private static let quotedOctets = 1_024

    private let socket: UDPSocket
    private let local: Endpoint
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private let room = DispatchSemaphore(value: UDPReader.readingsAhead)
    private let isStopping = Atomic(false)

    init(_ socket: UDPSocket, local: Endpoint) {
        self.socket = socket
        self.local = local
    }

    /// - Parameters:
    ///   - hand: gets each reading, and has `taken` called when it is done with.
    ///   - ended: the socket is closed. Both are called on this thread.
    func start(
        _ hand: @escaping @Sendable (Reading) -> Void, ended: @escaping @Sendable () -> Void
    ) {
        pool.start()
        pool.submit { [self] _ in
            clinux_pthread_setname("sip-udp")
            run(hand)
            close(socket.descriptor)
            pool.shutdownGracefully { _ in }
            ended()
        }
    }

    /// Room for one more reading.
    func taken() { room.signal() }

    /// Ends the thread, which closes the socket: nothing may be sent by it any more.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        // Says ENOTCONN, and wakes whoever waits in the socket all the same.
        shutdown(socket.descriptor, CInt(SHUT_RD))
        room.signal()
    }

    private func run(_ hand: (Reading) -> Void) {
        let batch = DatagramBatch(capacity: UDPReader.datagramsPerRead, limit: 65_536)
        while true {
            room.wait()
            let (count, code) = batch.wait(socket.descriptor)
            if isStopping.load(ordering: .acquiring) { return }
            var reading = Reading()
            reading.received.reserveCapacity(count)
            for i in 0..<count {
                guard let flow = flow(of: i, in: batch) else { continue }
                reading.received.append((Array(batch.octets(of: i)), flow))
            }
            if code != 0 {
                let taken: Int
                (taken, reading.undelivered) = UDPReader.takeErrors(of: socket)
                if taken == 0, code != EINTR {
                    // The event loop has taken it; or something is wrong, which must not keep a
                    // processor busy.
                    reading.error = SocketError("receive at udp:\(local)", code: code)
                    usleep(1_000)
                }
            }
            hand(reading)
        }
    }

    private func flow(of i: Int, in batch: DatagramBatch) -> Flow? {
        guard let remote = batch.source(of: i), remote.port != 0 else { return nil }
        var called = local
        // An answer can't leave from a group or a broadcast address: let the kernel choose.
        if let address = batch.called(of: i), !address.isMulticast, !address.isLimitedBroadcast {
            called.address = address
        }
        return Flow(transport: .udp, local: called, remote: remote, connection: 0)
    }

    /// Takes all errors that wait. Any thread may: each error is got once.
    /// - Returns: how many there were, and those that say that a datagram did not arrive.
    static func takeErrors(
        of socket: UDPSocket
    ) -> (count: Int, undelivered: [UndeliveredDatagram]) {
        var count = 0
        var undelivered: [UndeliveredDatagram] = []
        SentDatagramError.takeAll(from: socket.descriptor, quote: quotedOctets) { error in
            count += 1
            guard let icmp = error.icmp,
                let cause = UndeliveredDatagram.Cause(
                    type: icmp.type, code: icmp.code, isIPv6: error.destination.address.isIPv6)
            else { return }
            undelivered.append(
                UndeliveredDatagram(cause, to: error.destination, quote: error.quote))
        }
        return (count, undelivered)
    }
}

extension UndeliveredDatagram.Cause {
    /// What RFC 3261 §18.4 has the transaction user told of; nil for the rest. A message that a
    /// path was too narrow for is repeated in smaller fragments, and one that lived too long is no
    /// failure by that section.
    fileprivate init?(type: UInt8, code: UInt8, isIPv6: Bool) {
        switch (isIPv6, type, code) {
        // Destination unreachable (RFC 792, RFC 1812 §5.2.7.1): protocol, port, fragmentation needed.
        case (false, 3, 2), (false, 3, 3): self = .refused
        case (false, 3, 4): return nil
        case (false, 3, _): self = .unreachable
        // Destination unreachable (RFC 4443 §3.1): port.
        case (true, 1, 4): self = .refused
        case (true, 1, _): self = .unreachable
        // Parameter problem (RFC 792, RFC 4443 §3.4); of IPv6, code 1: no UDP there.
        case (true, 4, 1): self = .refused
        case (false, 12, _), (true, 4, _): self = .unreachable
        default: return nil
        }
    }
}
