package import CLinux

/// What hands packets to the network.
package protocol PacketSender {
    /// Sends datagrams without waiting.
    ///
    /// - Parameter streams: whose RTP packets they are, one for each; nil for anything else.
    /// - Returns: how many of the first were taken; or, when not even one was, the negative errno.
    mutating func send(
        _ messages: UnsafeMutablePointer<clinux_mmsghdr>, of streams: UnsafePointer<HotStream>?,
        count: Int, socket: Int32
    ) -> Int

    /// Ways that packets of a stream may take past the socket, for a sender that can.
    mutating func apply(_ changes: [PathChange])
}

extension PacketSender {
    package func apply(_ changes: [PathChange]) {}
}
