package import Primitives

/// A host to send to, the input of RFC 3263.
package struct NextHop: Hashable, Sendable {
    package var transport: TransportProtocol
    /// A name, or an address (IPv6 without brackets).
    package var host: String
    /// Nil: what DNS says, else the default of the transport.
    package var port: UInt16?
    /// The address of ours to send from, where its family allows it; nil: any.
    package var local: IPAddress?

    package init(
        transport: TransportProtocol, host: String, port: UInt16? = nil, local: IPAddress? = nil
    ) {
        self.transport = transport
        self.host = host
        self.port = port
        self.local = local
    }
}
