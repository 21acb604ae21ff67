package import Primitives

/// The way a message came, and by which its answer goes back.
package struct Flow: Hashable, Sendable {
    package var transport: TransportProtocol
    /// The address of ours that was called (IP_PKTINFO), so that answers leave from it.
    package var local: Endpoint
    package var remote: Endpoint
    /// Names one connection for the life of the process; 0 for UDP.
    package var connection: UInt64

    package init(
        transport: TransportProtocol, local: Endpoint, remote: Endpoint, connection: UInt64 = 0
    ) {
        self.transport = transport
        self.local = local
        self.remote = remote
        self.connection = connection
    }
}
