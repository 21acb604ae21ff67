import Glibc
import NIOCore
import NIOPosix
import Primitives
import SIP

/// All sockets of one user agent: listeners, connections, and the way to a destination
/// (RFC 3261 §18). Confined to its event loop.
final class TransportLayer {
    private enum Outgoing {
        /// What waits, with where it was to go, until the connection stands.
        case connecting(waiting: [(bytes: [UInt8], destination: Destination)])
        case open(StreamConnection)
    }

    /// Whom a connection may serve again (RFC 3261 §18.1.1).
    private struct Peer: Hashable {
        var transport: TransportProtocol
        var remote: Endpoint
    }

    var limits: TransportLimits

    private let loop: any EventLoop
    private let messageLimits: MessageLimits
    private unowned let owner: any TransportOwner
    private let resolver: HostResolver
    private var udp: [UDPListener] = []
    private var servers: [(address: ListenAddress, channel: any Channel)] = []
    private var connections: [UInt64: StreamConnection] = [:]
    private var perAddress: [IPAddress: Int] = [:]
    /// What was sent by a connection of ours, to be told of its failure.
    private var used: [UInt64: Set<Destination>] = [:]
    private var outgoing: [Peer: Outgoing] = [:]
    private var lastConnection: UInt64 = 0
    private var isStopped = false

    init(
        on loop: any EventLoop, limits: TransportLimits, messageLimits: MessageLimits,
        owner: any TransportOwner
    ) {
        self.loop = loop
        self.limits = limits
        self.messageLimits = messageLimits
        self.owner = owner
        resolver = HostResolver(on: loop)
    }

    var openConnections: Int { connections.count }

    /// Where it listens, with the ports that were taken for port 0.
    var addresses: [ListenAddress] {
        udp.map { ListenAddress(.udp, $0.local) } + servers.map(\.address)
    }

    // MARK: Listening

    func listen(on address: ListenAddress) -> EventLoopFuture<Void> {
        let layer = NIOLoopBound(self, eventLoop: loop)
        switch address.transport {
        case .udp:
            do {
                udp.append(
                    try UDPListener(
                        address.endpoint, receiveBuffer: limits.receiveBuffer, on: loop,
                        owner: owner))
                return loop.makeSucceededVoidFuture()
            } catch {
                return loop.makeFailedFuture(error)
            }
        case .tcp:
            var bootstrap = ServerBootstrap(group: loop)
                .serverChannelOption(.backlog, value: 1_024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            if address.endpoint.address.isIPv6 {
                bootstrap = bootstrap.serverChannelOption(
                    .socket(SocketOptionLevel(IPPROTO_IPV6), IPV6_V6ONLY), value: 1)
            }
            return
                bootstrap
                .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
                .childChannelOption(
                    .writeBufferWaterMark,
                    value: .init(low: limits.writeBuffer / 2, high: limits.writeBuffer)
                )
                .childChannelInitializer { layer.value.accept($0, .tcp) }
                .bind(to: address.endpoint.socketAddress)
                .flatMapErrorThrowing { error in
                    guard let code = (error as? IOError)?.errnoCode else { throw error }
                    throw SocketError("bind \(address)", code: code)
                }
                .map { channel in
                    var bound = address
                    if let port = channel.localAddress?.port {
                        bound.endpoint.port = UInt16(clamping: port)
                    }
                    layer.value.servers.append((bound, channel))
                }
        case .tls:
            return loop.makeFailedFuture(SocketError("bind \(address)", code: EPROTONOSUPPORT))
        }
    }

    /// Closes everything.
    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        for connection in connections.values { connection.close(.stopped) }
        resolver.stop()
        return EventLoopFuture.andAllComplete(
            udp.map { $0.close() } + servers.map { $0.channel.close() }, on: loop)
    }

    // MARK: Sending

    /// Sends, or reports to the owner that it can't; never at once, so that no call of the owner is
    /// entered twice.
    func send(_ bytes: [UInt8], to destination: Destination) {
        switch destination {
        case .flow(let flow):
            switch flow.transport {
            case .udp:
                sendDatagram(bytes, from: flow.local, to: flow.remote, destination)
            case .tcp, .tls:
                guard let connection = connections[flow.connection], connection.send(bytes)
                else {
                    fail(destination, SocketError("send to \(flow)", code: ENOTCONN))
                    return
                }
            }
        case .hop(let hop):
            let layer = NIOLoopBound(self, eventLoop: loop)
            if let address = IPAddress(hop.host) {
                send(bytes, to: hop, at: address)
                return
            }
            let isIPv6 = hop.local?.isIPv6 ?? addresses.allSatisfy(\.endpoint.address.isIPv6)
            resolver.resolve(hop.host, isIPv6: isIPv6).whenComplete { result in
                switch result {
                case .success(let address): layer.value.send(bytes, to: hop, at: address)
                case .failure(let error): layer.value.fail(.hop(hop), error)
                }
            }
        }
    }

    private func send(
        _ bytes: [UInt8], to hop: NextHop, at address: IPAddress
    ) {
        let remote = Endpoint(address, port: hop.port ?? hop.transport.defaultPort)
        let local = hop.local?.isIPv6 == address.isIPv6 ? hop.local : nil
        switch hop.transport {
        case .udp:
            guard let source = source(for: address, local) else {
                fail(.hop(hop), SocketError("send to udp:\(remote)", code: EAFNOSUPPORT))
                return
            }
            sendDatagram(bytes, from: source, to: remote, .hop(hop))
        case .tcp, .tls:
            sendByConnection(
                bytes, Peer(transport: hop.transport, remote: remote), from: local, .hop(hop))
        }
    }

    /// The UDP endpoint to send from: that of `local`, else of the first listener of the family.
    private func source(for address: IPAddress, _ local: IPAddress?) -> Endpoint? {
        let family = udp.map(\.local).filter { $0.address.isIPv6 == address.isIPv6 }
        guard let local else { return family.first }
        let listener =
            family.first { $0.address == local } ?? family.first { $0.address.isUnspecified }
        return listener.map { Endpoint(local, port: $0.port) }
    }

    private func sendDatagram(
        _ bytes: [UInt8], from local: Endpoint, to remote: Endpoint,
        _ destination: Destination
    ) {
        guard let listener = udp.first(where: { $0.serves(local) }) else {
            fail(destination, SocketError("send from udp:\(local)", code: EADDRNOTAVAIL))
            return
        }
        switch listener.send(bytes, to: remote, from: local.address) {
        case 0:
            break
        case EAGAIN, ENOBUFS:
            // As good as lost on the wire: the transaction sends again.
            dropped += 1
        case let code:
            fail(destination, SocketError("send to udp:\(remote)", code: code))
        }
    }

    /// Datagrams that found the socket's buffer full.
    private(set) var dropped: UInt64 = 0

    private func fail(_ destination: Destination, _ error: any Error) {
        let layer = NIOLoopBound(self, eventLoop: loop)
        loop.execute { layer.value.owner.failed(destination, error) }
    }

    // MARK: Connections

    private func sendByConnection(
        _ bytes: [UInt8], _ peer: Peer, from local: IPAddress?,
        _ destination: Destination
    ) {
        switch outgoing[peer] {
        case .open(let connection):
            send(bytes, by: connection, destination)
        case .connecting(var waiting):
            guard waiting.count < limits.maximumWaitingMessages else {
                fail(destination, CloseCause.writeBufferFull)
                return
            }
            waiting.append((bytes, destination))
            outgoing[peer] = .connecting(waiting: waiting)
        case nil:
            guard !isStopped, connections.count < limits.maximumConnections else {
                fail(destination, SocketError("connect \(peer.remote)", code: EMFILE))
                return
            }
            outgoing[peer] = .connecting(waiting: [(bytes, destination)])
            connect(peer, from: local)
        }
    }

    private func send(
        _ bytes: [UInt8], by connection: StreamConnection, _ destination: Destination
    ) {
        if connection.send(bytes) {
            used[connection.flow.connection, default: []].insert(destination)
        } else {
            fail(destination, CloseCause.writeBufferFull)
        }
    }

    private func connect(_ peer: Peer, from local: IPAddress?) {
        let layer = NIOLoopBound(self, eventLoop: loop)
        var bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.nanoseconds(limits.connectTime.nanoseconds))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(
                .writeBufferWaterMark,
                value: .init(low: limits.writeBuffer / 2, high: limits.writeBuffer))
        if let local, !local.isUnspecified {
            bootstrap = bootstrap.bind(to: Endpoint(local, port: 0).socketAddress)
        }
        bootstrap
            .channelInitializer { channel in
                let layer = layer.value
                let connection = layer.makeConnection(
                    peer, local: Endpoint(local ?? .anyV4, port: 0), isIncoming: false)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(to: peer.remote.socketAddress)
            .whenComplete { layer.value.connected(peer, $0) }
    }

    private func connected(_ peer: Peer, _ result: Result<any Channel, any Error>) {
        guard case .connecting(let waiting) = outgoing[peer] else { return }
        switch result {
        case .success(let channel):
            guard
                let connection = try? channel.pipeline.syncOperations.handler(
                    type: StreamConnection.self)
            else {
                outgoing[peer] = nil
                for message in waiting { fail(message.destination, CloseCause.byPeer) }
                return
            }
            connection.opened(channel)
            outgoing[peer] = .open(connection)
            for message in waiting { send(message.bytes, by: connection, message.destination) }
        case .failure(let error):
            outgoing[peer] = nil
            let other = onlyConnection(with: peer)
            for message in waiting where other?.send(message.bytes) != true {
                fail(message.destination, error)
            }
        }
    }

    /// What a peer that can't be connected to may still be reached by: a phone behind a NAT, or one
    /// that listens nowhere, has a connection to us, and its Contact names a port that answers not.
    /// With several from that address nobody knows whose is whose.
    private func onlyConnection(with peer: Peer) -> StreamConnection? {
        let candidates = connections.values.filter {
            $0.isOpen && $0.flow.remote.address == peer.remote.address
                && $0.flow.transport == peer.transport
        }
        return candidates.count == 1 ? candidates.first : nil
    }

    /// A connection that came in.
    private func accept(
        _ channel: any Channel, _ transport: TransportProtocol
    ) -> EventLoopFuture<Void> {
        guard let remote = channel.remoteAddress.flatMap({ Endpoint($0) }),
            let local = channel.localAddress.flatMap({ Endpoint($0) })
        else { return channel.close() }
        guard !isStopped, connections.count < limits.maximumConnections,
            perAddress[remote.address, default: 0] < limits.maximumConnectionsPerAddress
        else {
            owner.connectionRefused(remote)
            return channel.close()
        }
        let connection = makeConnection(
            Peer(transport: transport, remote: remote), local: local, isIncoming: true)
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(connection)
        }
    }

    private func makeConnection(
        _ peer: Peer, local: Endpoint, isIncoming: Bool
    ) -> StreamConnection {
        lastConnection += 1
        let flow = Flow(
            transport: peer.transport, local: local, remote: peer.remote,
            connection: lastConnection)
        let connection = StreamConnection(
            flow: flow, isIncoming: isIncoming, limits: limits, messageLimits: messageLimits,
            owner: owner
        ) { [unowned self] in forget($0, $1) }
        connections[flow.connection] = connection
        perAddress[peer.remote.address, default: 0] += 1
        return connection
    }

    private func forget(_ connection: StreamConnection, _ cause: CloseCause) {
        let flow = connection.flow
        let destinations = used.removeValue(forKey: flow.connection) ?? []
        // After a proper close the peer may still answer by a connection of its own (RFC 3261
        // §18.2.2); after a reset it has forgotten what we asked.
        if case .failed = cause { for destination in destinations { fail(destination, cause) } }
        connections[flow.connection] = nil
        let peer = Peer(transport: flow.transport, remote: flow.remote)
        if case .open(let current) = outgoing[peer], current === connection {
            outgoing[peer] = nil
        }
        let count = perAddress[flow.remote.address, default: 1] - 1
        perAddress[flow.remote.address] = count > 0 ? count : nil
    }
}

extension CloseCause: Error {}
