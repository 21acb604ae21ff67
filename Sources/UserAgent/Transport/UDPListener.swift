import Glibc
import NIOCore
import NIOPosix
import Primitives
import SIP

/// A bound UDP socket: NIO reads it in vectors, with the address that each datagram was sent to.
///
/// Confined to its event loop.
final class UDPListener {
    let local: Endpoint
    private let channel: any Channel
    private let socket: UDPSocket

    /// Datagrams of the largest size that one system call takes; only pages that are written to
    /// become memory.
    private static let datagramsPerRead = 16

    private init(local: Endpoint, channel: any Channel, socket: UDPSocket) {
        self.local = local
        self.channel = channel
        self.socket = socket
    }

    /// Binds `endpoint` on `loop`; call on the loop.
    static func bind(
        _ endpoint: Endpoint, receiveBuffer: Int, on loop: any EventLoop, owner: any TransportOwner
    ) -> EventLoopFuture<UDPListener> {
        loop.assertInEventLoop()
        let socket: UDPSocket
        do {
            socket = try UDPSocket.open(
                endpoint, receiveBuffer: receiveBuffer, sendBuffer: receiveBuffer)
        } catch {
            return loop.makeFailedFuture(error)
        }
        let bound = NIOLoopBound((endpoint, socket, owner), eventLoop: loop)
        return DatagramBootstrap(group: loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.datagramVectorReadMessageCount, value: datagramsPerRead)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: datagramsPerRead * 65_536)
            )
            .withBoundSocket(socket.descriptor)
            .flatMapThrowing { channel in
                let (endpoint, socket, owner) = bound.value
                var local = endpoint
                if let port = channel.localAddress?.port { local.port = UInt16(clamping: port) }
                try channel.pipeline.syncOperations.addHandler(
                    DatagramHandler(local: local, owner: owner))
                // NIO knows the address family, which this option needs, only once it has registered.
                try channel.syncOptions?.setOption(.receivePacketInfo, value: true)
                try channel.syncOptions?.setOption(.autoRead, value: true)
                return NIOLoopBound(
                    UDPListener(local: local, channel: channel, socket: socket),
                    eventLoop: channel.eventLoop)
            }
            .map { (bound: NIOLoopBound<UDPListener>) in bound.value }
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
        guard channel.isActive else { return EBADF }
        let wildcard = local.address.isUnspecified
        return socket.send(
            bytes, to: remote,
            from: wildcard && source?.isUnspecified == false ? source : nil)
    }

    func close() -> EventLoopFuture<Void> { channel.close() }
}

/// Takes datagrams out of the pipeline.
private final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let local: Endpoint
    private unowned let owner: any TransportOwner

    init(local: Endpoint, owner: any TransportOwner) {
        self.local = local
        self.owner = owner
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let remote = Endpoint(envelope.remoteAddress), remote.port != 0 else { return }
        var called = local
        if let destination = envelope.metadata?.packetInfo?.destinationAddress,
            let endpoint = Endpoint(destination)
        {
            // An answer can't leave from a group or a broadcast address: let the kernel choose.
            called.address =
                endpoint.address.isMulticast || endpoint.address.isLimitedBroadcast
                ? local.address : endpoint.address
        }
        let flow = Flow(transport: .udp, local: called, remote: remote, connection: 0)
        owner.received(Array(envelope.data.readableBytesView), on: flow)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        owner.receivedAll()
    }

    /// An ICMP error must not end the listener; NIO goes on reading after it.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        owner.listenerFailed(ListenAddress(.udp, local), error)
    }
}
