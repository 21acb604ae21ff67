import CLinux
import Glibc
package import Primitives

/// Reads datagrams in batches, each with the moment at which the kernel took it in: who reads every
/// few milliseconds, or is kept from it by others, measures the network all the same.
///
/// Belongs to one thread.
package final class DatagramReader {
    private static let batch = 32
    /// Octets; more than any RTP packet that fits a path. What is longer is cut.
    private static let datagramLimit = 2048
    /// Holds a time stamp of the kernel's.
    private static let controlLimit = 64

    /// Wall clock less monotonic clock, in nanoseconds, as it was at the last `readClocks()`.
    private var wallOffset: Int64 = 0
    private let buffers: UnsafeMutablePointer<UInt8>
    private let sources: UnsafeMutablePointer<sockaddr_in6>
    private let controls: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let messages: UnsafeMutablePointer<clinux_mmsghdr>

    package init() {
        let n = DatagramReader.batch
        buffers = .allocate(capacity: n * DatagramReader.datagramLimit)
        buffers.initialize(repeating: 0, count: n * DatagramReader.datagramLimit)
        sources = .allocate(capacity: n)
        sources.initialize(repeating: sockaddr_in6(), count: n)
        controls = .allocate(byteCount: n * DatagramReader.controlLimit, alignment: 16)
        vectors = .allocate(capacity: n)
        vectors.initialize(repeating: iovec(), count: n)
        messages = .allocate(capacity: n)
        messages.initialize(repeating: clinux_mmsghdr(), count: n)
        for i in 0..<n {
            vectors[i] = iovec(
                iov_base: buffers + i * DatagramReader.datagramLimit,
                iov_len: DatagramReader.datagramLimit)
            messages[i].msg_hdr.msg_name = UnsafeMutableRawPointer(sources + i)
            messages[i].msg_hdr.msg_iov = vectors + i
            messages[i].msg_hdr.msg_iovlen = 1
            messages[i].msg_hdr.msg_control = controls + i * DatagramReader.controlLimit
        }
    }

    deinit {
        buffers.deallocate()
        sources.deallocate()
        controls.deallocate()
        vectors.deallocate()
        messages.deallocate()
    }

    /// Asks the kernel to note arrivals. Without its word packets count as arrived when they are
    /// read.
    package func prepare(_ descriptor: Int32) { _ = clinux_note_arrivals(descriptor) }

    /// The monotonic clock; what is read until the next call is dated by this reading of both.
    package func readClocks() -> Instant {
        let now = MachineClock.monotonic()
        wallOffset = MachineClock.wall().nanoseconds &- now.nanoseconds
        return now
    }

    /// Hands on all that waits in a socket.
    /// - Parameter now: of the last ``readClocks()``.
    package func read(
        _ descriptor: Int32, at now: Instant,
        _ received: (_ datagram: [UInt8], _ source: Endpoint, _ arrival: Instant) -> Void
    ) {
        while true {
            for i in 0..<DatagramReader.batch {
                messages[i].msg_hdr.msg_namelen = socklen_t(MemoryLayout<sockaddr_in6>.size)
                messages[i].msg_hdr.msg_controllen = DatagramReader.controlLimit
            }
            let count = Int(
                clinux_recvmmsg(
                    descriptor, messages, UInt32(DatagramReader.batch), Int32(MSG_DONTWAIT)))
            guard count > 0 else { return }
            for i in 0..<count {
                var address = SocketAddress()
                address.storage = sources[i]
                address.length = messages[i].msg_hdr.msg_namelen
                guard let source = address.endpoint else { continue }
                let datagram = [UInt8](
                    UnsafeBufferPointer(
                        start: buffers + i * DatagramReader.datagramLimit,
                        count: min(Int(messages[i].msg_len), DatagramReader.datagramLimit)))
                received(datagram, source, arrival(of: messages + i, now))
            }
            guard count == DatagramReader.batch else { return }
        }
    }

    /// By the kernel's clock where it says, else `now`. It is never far from `now`, unless somebody
    /// has just set the wall clock.
    private func arrival(of message: UnsafePointer<clinux_mmsghdr>, _ now: Instant) -> Instant {
        let stamp = clinux_arrival(message)
        let arrival = Instant(nanoseconds: Int64(stamp) &- wallOffset)
        let isNear = (arrival - now).nanoseconds.magnitude < 1_000_000_000
        return stamp != 0 && isNear ? arrival : now
    }
}
