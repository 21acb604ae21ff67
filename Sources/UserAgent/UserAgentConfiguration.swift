package import Primitives
package import SIP

/// What a user agent is made with.
package struct UserAgentConfiguration: Sendable {
    package var listen: [ListenAddress]
    /// What Contact and Via name instead of an address of ours that was called: for an anycast
    /// address, the node's unicast address.
    package var advertised: [IPAddress: Host] = [:]
    package var limits = TransportLimits()
    package var messageLimits = MessageLimits.default
    /// Its `points` may be empty: `start` derives them from `listen` and `advertised`.
    package var core: UserAgentCore.Configuration

    package init(listen: [ListenAddress], core: UserAgentCore.Configuration) {
        self.listen = listen
        self.core = core
    }

    /// What the core says of itself, once the ports are known.
    /// - Parameter bound: where the listeners are bound, in the order of `listen`.
    func points(_ bound: [ListenAddress]) -> [ListeningPoint] {
        var points: [ListeningPoint] = []
        for listener in bound {
            func add(_ address: IPAddress) {
                points.append(
                    ListeningPoint(
                        listener.transport, address, port: listener.endpoint.port,
                        advertised: advertised[address]))
            }
            let address = listener.endpoint.address
            add(address)
            guard address.isUnspecified else { continue }
            for anycast in advertised.keys where anycast.isIPv6 == address.isIPv6 { add(anycast) }
        }
        return points
    }
}
