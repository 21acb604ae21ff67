package import Primitives

/// What the kernel answers about the ways out of this host.
package protocol RoutingTables {
    /// nil when there is no way.
    mutating func route(for flow: PathFinder.Flow) -> RoutingMessage.Route?
    /// nil when nobody has been asked for the address, and while nobody answers.
    mutating func linkAddress(of address: IPAddress, on interface: Int32) -> LinkAddress?
    /// nil when there is no such device.
    mutating func link(_ interface: Int32) -> RoutingMessage.Link?
}
