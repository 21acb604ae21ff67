/// Where a message goes.
package enum Destination: Hashable, Sendable {
    /// By the way another one came: over UDP from `local` to `remote`, else on that very
    /// connection. When the connection is gone, that is a transport failure.
    case flow(Flow)
    /// To a host that may yet have to be resolved, over a connection that may yet have to be made.
    case hop(NextHop)

    package var transport: TransportProtocol {
        switch self {
        case .flow(let flow): flow.transport
        case .hop(let hop): hop.transport
        }
    }
}
