package import CLinux

/// Sends by a packet ring what has a known way, and the rest by the socket: what has none yet or no
/// more, what is too long, and all when there is no ring.
package struct RingSender: PacketSender {
    private let ring: PacketRing?
    private let sockets = SocketSender()
    package private(set) var ringPackets: UInt64 = 0

    init(_ ring: PacketRing?) { self.ring = ring }

    package func apply(_ changes: [PathChange]) { ring?.apply(changes) }

    package mutating func send(
        _ messages: UnsafeMutablePointer<clinux_mmsghdr>, of streams: UnsafePointer<HotStream>?,
        count: Int, socket: Int32
    ) -> Int {
        guard let ring, let streams else {
            return sockets.send(messages, of: nil, count: count, socket: socket)
        }
        let others = ring.othersFirst(messages, of: streams, count: count, socket: socket)
        guard others == 0 else {
            return sockets.send(messages, of: nil, count: others, socket: socket)
        }
        let taken = ring.send(messages, of: streams, count: count, socket: socket)
        guard taken > 0 else {
            return sockets.send(messages, of: nil, count: count, socket: socket)
        }
        ringPackets &+= UInt64(taken)
        return taken
    }
}
