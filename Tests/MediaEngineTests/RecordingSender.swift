import CLinux
import Glibc
import MediaEngine

/// Keeps the octets of every packet instead of sending it.
final class RecordingSender: PacketSender {
    private(set) var packets: [[UInt8]] = []

    func send(
        _ messages: UnsafeMutablePointer<clinux_mmsghdr>, count: Int, socket: Int32
    ) -> Int {
        for i in 0..<count {
            let header = messages[i].msg_hdr
            var packet: [UInt8] = []
            for j in 0..<Int(header.msg_iovlen) {
                packet += UnsafeRawBufferPointer(
                    start: header.msg_iov[j].iov_base, count: header.msg_iov[j].iov_len)
            }
            packets.append(packet)
        }
        return count
    }

    func takeAll() -> [[UInt8]] {
        defer { packets = [] }
        return packets
    }
}
