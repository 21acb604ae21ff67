package import Primitives

/// What the kernel says about the ways out of this host: an answer to a question, or that something
/// has changed (rtnetlink, RFC 3549).
package enum RoutingMessage: Equatable, Sendable {
    case route(Route)
    case neighbour(Neighbour)
    case link(Link)
    /// Addresses, rules or next hops by themselves: any way can be another one now.
    case otherChange
    /// The negative answer to a question, an errno.
    case failure(Int32)

    /// A way to a network, or as an answer to an address.
    package struct Route: Equatable, Sendable {
        package var network: IPNetwork
        package var interface: Int32
        /// nil where the destination is on the link itself.
        package var gateway: IPAddress?
        /// To one host through a device, with nothing put around the packet: not this host itself, a
        /// broadcast, a black hole or a tunnel of the route's own.
        package var isPlain: Bool

        package init(network: IPNetwork, interface: Int32, gateway: IPAddress?, isPlain: Bool) {
            self.network = network
            self.interface = interface
            self.gateway = gateway
            self.isPlain = isPlain
        }
    }

    /// Who answers to an address on a link (ARP, or neighbour discovery of RFC 4861).
    package struct Neighbour: Equatable, Sendable {
        package var interface: Int32
        package var address: IPAddress
        /// nil while it is not known, and once it does not answer any more.
        package var linkAddress: LinkAddress?

        package init(interface: Int32, address: IPAddress, linkAddress: LinkAddress?) {
            self.interface = interface
            self.address = address
            self.linkAddress = linkAddress
        }
    }

    /// A device.
    package struct Link: Equatable, Sendable {
        package var interface: Int32
        /// nil where frames are not those of Ethernet, and while the device is down.
        package var address: LinkAddress?
        /// Octets that a packet may have, its IP header included.
        package var mtu: Int

        package init(interface: Int32, address: LinkAddress?, mtu: Int) {
            self.interface = interface
            self.address = address
            self.mtu = mtu
        }
    }
}
