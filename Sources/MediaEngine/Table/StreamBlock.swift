import CLinux
import Glibc

/// Up to 128 streams of one slot that leave by one call.
///
/// The kernel's structures point into each other, so they are allocated once and a stream that
/// moves is copied between places. Owned by one sending thread.
final class StreamBlock {
    static let capacity = 128

    /// -1 when each stream has its own.
    let socket: Int32
    var count = 0
    let hot: UnsafeMutablePointer<HotStream>
    let headers: UnsafeMutablePointer<PacketHeader>
    let addresses: UnsafeMutablePointer<sockaddr_in6>
    let sockets: UnsafeMutablePointer<Int32>
    /// Header and payload of each packet.
    let vectors: UnsafeMutablePointer<iovec>
    let messages: UnsafeMutablePointer<clinux_mmsghdr>

    init(socket: Int32) {
        self.socket = socket
        let n = StreamBlock.capacity
        hot = .allocate(capacity: n)
        headers = .allocate(capacity: n)
        addresses = .allocate(capacity: n)
        sockets = .allocate(capacity: n)
        vectors = .allocate(capacity: 2 * n)
        messages = .allocate(capacity: n)
        hot.initialize(repeating: HotStream(), count: n)
        headers.initialize(repeating: PacketHeader(), count: n)
        addresses.initialize(repeating: sockaddr_in6(), count: n)
        sockets.initialize(repeating: socket, count: n)
        vectors.initialize(repeating: iovec(), count: 2 * n)
        messages.initialize(repeating: clinux_mmsghdr(), count: n)
        for i in 0..<n {
            messages[i].msg_hdr.msg_name = UnsafeMutableRawPointer(addresses + i)
            messages[i].msg_hdr.msg_iov = vectors + 2 * i
            messages[i].msg_hdr.msg_iovlen = 2
            vectors[2 * i].iov_base = UnsafeMutableRawPointer(headers + i)
        }
    }

    deinit {
        hot.deallocate()
        headers.deallocate()
        addresses.deallocate()
        sockets.deallocate()
        vectors.deallocate()
        messages.deallocate()
    }

    /// Moves what is at `from` to `to`.
    func move(_ from: Int, to: Int) {
        hot[to] = hot[from]
        headers[to] = headers[from]
        addresses[to] = addresses[from]
        sockets[to] = sockets[from]
        messages[to].msg_hdr.msg_namelen = messages[from].msg_hdr.msg_namelen
        vectors[2 * to].iov_len = vectors[2 * from].iov_len
        vectors[2 * to + 1] = vectors[2 * from + 1]
    }
}
