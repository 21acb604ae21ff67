package import CLinux
import Glibc

/// Sends by `sendmmsg`.
package struct SocketSender: PacketSender {
    package init() {}

    @inline(__always)
    package func send(
        _ messages: UnsafeMutablePointer<clinux_mmsghdr>, of streams: UnsafePointer<HotStream>?,
        count: Int, socket: Int32
    ) -> Int {
        let taken = clinux_sendmmsg(
            socket, messages, UInt32(truncatingIfNeeded: count), Int32(MSG_DONTWAIT))
        return taken > 0 ? Int(taken) : -Int(errno)
    }
}
