package import CLinux

/// What hands packets to the network. A packet ring can stand in for the socket.
package protocol PacketSender {
    /// Sends datagrams without waiting.
    ///
    /// - Returns: how many of the first were taken; or, when not even one was, the negative errno.
    func send(
        _ messages: UnsafeMutablePointer<clinux_mmsghdr>, count: Int, socket: Int32
    ) -> Int
}
