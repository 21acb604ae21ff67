import Primitives

/// Where a message goes.
package enum Destination: Hashable, Sendable {
    /// Over UDP from `local` to `remote`. Else on the connection of that number, or when that is
    /// gone, on a new one to `remote`, which then is where the peer listens (RFC 3261 §18.2.2).
    case flow(Flow)
    /// To a host that may yet have to be resolved, over a connection that may yet have to be made.
    /// ACK and CANCEL must reach the same address as the INVITE that went to the same hop.
    case hop(NextHop)

    package var transport: TransportProtocol {
        switch self {
        case .flow(let flow): flow.transport
        case .hop(let hop): hop.transport
        }
    }

    /// The other end over UDP; nil for a connection, and for a name.
    var datagramPeer: Endpoint? {
        guard transport == .udp else { return nil }
        switch self {
        case .flow(let flow): return flow.remote
        case .hop(let hop):
            return IPAddress(hop.host).map {
                Endpoint($0, port: hop.port ?? hop.transport.defaultPort)
            }
        }
    }
}

extension Destination {
    /// Where the responses to a request go (RFC 3261 §18.2.2, RFC 3581 §4).
    ///
    /// - Parameters:
    ///   - via: the topmost one, as it came.
    ///   - flow: the way that the request came.
    /// - Returns: nil when nothing may be sent there: to a broadcast address, or to port 0.
    package init?(responsesBy via: Via, on flow: Flow) {
        let port = via.port ?? flow.transport.defaultPort
        var back = flow
        if flow.transport.isReliable {
            // The source port of a connection is nobody's listening port.
            if port != 0 { back.remote.port = port }
            self = .flow(back)
            return
        }
        // What `maddr` is for is a group. With any other address, or a name, everybody could have
        // our responses sent to somebody else: those go where the request came from.
        if let maddr = via.maddr, case .address(let address) = Host(maddr), address.isMulticast {
            guard port != 0 else { return nil }
            back.remote = Endpoint(address, port: port)
            self = .flow(back)
            return
        }
        if !via.wantsRport { back.remote.port = port }
        // Nobody can have sent from there.
        let source = back.remote.address
        guard back.remote.port != 0, !source.isLimitedBroadcast, !source.isMulticast,
            !source.isUnspecified
        else { return nil }
        self = .flow(back)
    }
}
