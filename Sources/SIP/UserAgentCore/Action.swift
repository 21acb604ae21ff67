#if INTERMEZZO_USER_AGENT_CORE
extension UserAgentCore {
    /// What the owner of the core must do, in this order.
    package enum Action: Sendable {
        /// Hand these octets to the transport; report failure with `transportFailed`.
        case send([UInt8], to: Destination)
        case event(Event)
    }

    /// Where a message goes.
    package enum Destination: Hashable, Sendable {
        /// Back on the flow that a request came by (UDP: from `flow.local` to `flow.remote`; TCP:
        /// on that connection, or on a new one to `flow.remote` when it is gone).
        case flow(Flow)
        /// To a host that may yet have to be resolved; from `local` where the family allows it.
        case hop(NextHop)
    }

    /// The next hop of a request of ours (RFC 3263 input).
    package struct NextHop: Hashable, Sendable {
        package var transport: TransportProtocol
        /// A name, or an address (IPv6 without brackets).
        package var host: String
        package var port: UInt16
        /// The address of ours that this dialog uses.
        package var local: IPAddress
    }
}
#endif
