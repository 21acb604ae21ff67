extension UserAgentCore {
    /// What the owner of the core must do, in this order.
    package enum Action: Sendable {
        /// Hand these octets to the transport; report failure with `transportFailed`.
        case send([UInt8], to: Destination)
        case event(Event)
    }
}
