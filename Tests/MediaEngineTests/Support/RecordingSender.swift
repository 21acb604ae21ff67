import CLinux
import Glibc
import MediaEngine
import Sockets

/// Keeps a copy of all that is sent, or refuses it.
final class RecordingSender: PacketSender {
    var tick: Int64 = 0
    var packets: [SentPacket] = []
    /// Called before anything is taken: how many of `count`, or a negative errno.
    var judge: ((_ count: Int) -> Int)?
    /// Packets taken, recorded or not.
    var count = 0
    var isRecording = true

    func send(
        _ messages: UnsafeMutablePointer<clinux_mmsghdr>, of streams: UnsafePointer<HotStream>?,
        count: Int, socket: Int32
    ) -> Int {
        let taken = judge?(count) ?? count
        guard taken > 0 else { return taken }
        self.count += taken
        guard isRecording else { return taken }
        for i in 0..<taken {
            let header = messages[i].msg_hdr
            var octets: [UInt8] = []
            for j in 0..<Int(header.msg_iovlen) {
                octets += UnsafeRawBufferPointer(
                    start: header.msg_iov[j].iov_base, count: header.msg_iov[j].iov_len)
            }
            var address = SocketAddress()
            if let name = header.msg_name {
                address.storage = name.load(as: sockaddr_in6.self)
                address.length = header.msg_namelen
            }
            packets.append(
                SentPacket(
                    tick: tick, socket: socket, destination: address.endpoint, octets: octets))
        }
        return taken
    }
}
