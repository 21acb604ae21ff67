import CLinux
import Glibc
package import Primitives

/// Room for datagrams that one call of the kernel hands over. Belongs to one thread.
package final class DatagramBatch {
    /// Holds a time stamp of the kernel's and the address that was called.
    private static let controlLimit = 128

    package let capacity: Int
    /// Octets of a datagram; what is longer is cut.
    private let limit: Int
    private let buffers: UnsafeMutablePointer<UInt8>
    private let sources: UnsafeMutablePointer<sockaddr_in6>
    private let controls: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let messages: UnsafeMutablePointer<clinux_mmsghdr>

    package init(capacity: Int, limit: Int) {
        self.capacity = capacity
        self.limit = limit
        buffers = .allocate(capacity: capacity * limit)
        // Not touched before the kernel writes there: only what datagrams fill becomes memory.
        sources = .allocate(capacity: capacity)
        sources.initialize(repeating: sockaddr_in6(), count: capacity)
        controls = .allocate(byteCount: capacity * DatagramBatch.controlLimit, alignment: 16)
        vectors = .allocate(capacity: capacity)
        vectors.initialize(repeating: iovec(), count: capacity)
        messages = .allocate(capacity: capacity)
        messages.initialize(repeating: clinux_mmsghdr(), count: capacity)
        for i in 0..<capacity {
            vectors[i] = iovec(iov_base: buffers + i * limit, iov_len: limit)
            messages[i].msg_hdr.msg_name = UnsafeMutableRawPointer(sources + i)
            messages[i].msg_hdr.msg_iov = vectors + i
            messages[i].msg_hdr.msg_iovlen = 1
            messages[i].msg_hdr.msg_control = controls + i * DatagramBatch.controlLimit
        }
    }

    deinit {
        buffers.deallocate()
        sources.deallocate()
        controls.deallocate()
        vectors.deallocate()
        messages.deallocate()
    }

    /// Takes what waits in a socket, as far as there is room for it.
    ///
    /// - Returns: how many datagrams there are now.
    package func receive(_ descriptor: Int32) -> Int {
        max(0, receive(descriptor, Int32(MSG_DONTWAIT)))
    }

    /// Waits for a datagram in a socket that blocks, and takes what else there is.
    ///
    /// - Returns: how many datagrams there are now; or the `errno` of the call, which an ICMP error
    ///   makes fail too, once.
    package func wait(_ descriptor: Int32) -> (count: Int, code: Int32) {
        let count = receive(descriptor, Int32(MSG_WAITFORONE))
        return count < 0 ? (0, errno) : (count, 0)
    }

    private func receive(_ descriptor: Int32, _ flags: Int32) -> Int {
        for i in 0..<capacity {
            messages[i].msg_hdr.msg_namelen = socklen_t(MemoryLayout<sockaddr_in6>.size)
            messages[i].msg_hdr.msg_controllen = DatagramBatch.controlLimit
        }
        return Int(clinux_recvmmsg(descriptor, messages, UInt32(capacity), flags))
    }

    /// Nil where it is not of IP.
    package func source(of i: Int) -> Endpoint? {
        var address = SocketAddress()
        address.storage = sources[i]
        address.length = messages[i].msg_hdr.msg_namelen
        return address.endpoint
    }

    /// The address that it was sent to; nil where the socket was not asked to note that.
    package func called(of i: Int) -> IPAddress? {
        var address = sockaddr_storage()
        guard clinux_called(messages + i, &address) == 1 else { return nil }
        return SocketAddress(address).endpoint?.address
    }

    /// Valid until the next `receive`.
    package func octets(of i: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(
            start: buffers + i * limit, count: min(Int(messages[i].msg_len), limit))
    }

    /// When the kernel took it in, in nanoseconds since 1970; 0 where it was not asked to note that.
    package func stamp(of i: Int) -> Int64 { Int64(clinux_arrival(messages + i)) }
}
