import Glibc
import NIOCore
import Primitives
import SIP

/// A bound UDP socket, which a thread of its own reads. Confined to its event loop.
final class UDPListener {
    let local: Endpoint
    private let socket: UDPSocket
    private let reader: UDPReader
    private let loop: any EventLoop
    private unowned let owner: any TransportOwner
    private var isClosed = false
    private let closed: EventLoopPromise<Void>

    /// Binds `endpoint`; call on the loop.
    init(
        _ endpoint: Endpoint, receiveBuffer: Int, on loop: any EventLoop, owner: any TransportOwner
    ) throws(SocketError) {
        loop.assertInEventLoop()
        socket = try UDPSocket.open(
            endpoint, receiveBuffer: receiveBuffer, sendBuffer: receiveBuffer)
        var local = endpoint
        local.port = socket.port ?? endpoint.port
        self.local = local
        self.loop = loop
        self.owner = owner
        reader = UDPReader(socket, local: local)
        closed = loop.makePromise()
        let listener = NIOLoopBound(self, eventLoop: loop)
        reader.start { [reader, loop] reading in
            loop.execute {
                listener.value.take(reading)
                reader.taken()
            }
        } ended: { [closed] in
            closed.succeed()
        }
    }

    private func take(_ reading: UDPReader.Reading) {
        guard !isClosed else { return }
        for (bytes, flow) in reading.received { owner.received(bytes, on: flow) }
        if !reading.received.isEmpty { owner.receivedAll() }
        for datagram in reading.undelivered { owner.undelivered(datagram) }
        if let error = reading.error { owner.listenerFailed(ListenAddress(.udp, local), error) }
    }

    /// Whether a datagram from `source` can leave by this socket.
    func serves(_ source: Endpoint) -> Bool {
        source.port == local.port
            && (source.address == local.address
                || (local.address.isUnspecified
                    && source.address.isIPv6 == local.address.isIPv6))
    }

    /// - Returns: 0, or the error's number.
    func send(_ bytes: [UInt8], to remote: Endpoint, from source: IPAddress?) -> CInt {
        guard !isClosed else { return EBADF }
        let source = local.address.isUnspecified && source?.isUnspecified == false ? source : nil
        // The kernel tells of an ICMP error to the next call on the socket, whatever that is: who
        // asks again is told of its own.
        for attempt in 0..<UDPListener.attempts {
            let code = socket.send(bytes, to: remote, from: source)
            if code == 0 || code == EAGAIN || code == ENOBUFS { return code }
            let (count, undelivered) = UDPReader.takeErrors(of: socket)
            if !undelivered.isEmpty {
                let listener = NIOLoopBound(self, eventLoop: loop)
                loop.execute {
                    listener.value.take(UDPReader.Reading(undelivered: undelivered))
                }
            }
            // The reader may have taken the one that this call was told of, but not each time.
            if attempt > 0, count == 0, code != ECONNREFUSED { return code }
        }
        // A flood of them: as good as lost on the wire.
        return EAGAIN
    }

    private static let attempts = 8

    func close() -> EventLoopFuture<Void> {
        isClosed = true
        reader.stop()
        return closed.futureResult
    }
}
