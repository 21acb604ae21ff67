package import Primitives

/// What goes into it and comes out of it.
extension PathFinder {
    /// What the kernel chooses a way by.
    package struct Flow: Hashable, Sendable {
        package var destination: Endpoint
        package var source: Endpoint
        /// That the socket is bound to, a VRF for one; 0 for any.
        package var device: Int32

        package init(to destination: Endpoint, from source: Endpoint, by device: Int32 = 0) {
            self.destination = destination
            self.source = source
            self.device = device
        }
    }

    /// The first step of a way.
    package struct Hop: Equatable, Sendable {
        package var interface: Int32
        /// The device's own.
        package var source: LinkAddress
        package var destination: LinkAddress
        /// Octets that a packet may have, its IP header included.
        package var mtu: Int

        package init(interface: Int32, source: LinkAddress, destination: LinkAddress, mtu: Int) {
            self.interface = interface
            self.source = source
            self.destination = destination
            self.mtu = mtu
        }
    }

    /// A stream that wants to know.
    package struct Listener: Hashable, Sendable {
        package var thread: Int32
        /// Its number in the thread's table.
        package var number: Int32
        package var socket: Int32

        package init(thread: Int32, number: Int32, socket: Int32) {
            self.thread = thread
            self.number = number
            self.socket = socket
        }
    }

    package struct Change: Equatable, Sendable {
        package var listener: Listener
        package var flow: Flow
        /// nil: the kernel is to send.
        package var hop: Hop?

        package init(listener: Listener, flow: Flow, hop: Hop?) {
            self.listener = listener
            self.flow = flow
            self.hop = hop
        }
    }
}
