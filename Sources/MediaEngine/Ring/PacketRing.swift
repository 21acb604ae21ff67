import CLinux
import Glibc

/// Packets on their way to the device, in memory that the kernel reads (PACKET_TX_RING of packet(7),
/// TPACKET_V2): neither UDP nor IP nor the table of ways is gone through for each, a quarter of the
/// cost here.
///
/// Used by one sending thread, but for being made.
final class PacketRing {
    /// What can wait for the device: 40 ms of 2,500 streams.
    private static let frames = 2048
    private static let frameOctets = 1024
    private static let blockOctets = 65_536
    /// Octets of a frame, its link header included.
    private static let room = frameOctets - Int(clinux_tpacket2_data) - MemoryLayout<UInt64>.size

    private let descriptor: Int32
    private let memory: UnsafeMutableRawPointer
    /// By number of stream. Zeros are no path.
    private let paths: UnsafeMutablePointer<PacketPath>
    private let capacity: Int
    /// The frame that comes next, here and in the kernel.
    private var next = 0

    /// - Parameter capacity: streams have numbers below this.
    init(capacity: Int) throws(MediaEngineError) {
        let kind = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        // Protocol 0: nothing is received.
        let descriptor = socket(AF_PACKET, kind, 0)
        guard descriptor >= 0 else { throw PacketRing.failed("socket AF_PACKET", errno) }
        do {
            try PacketRing.set(descriptor, PACKET_VERSION, Int32(TPACKET_V2.rawValue))
            // A frame that can't be sent is left out; else it would hold up all behind it.
            try PacketRing.set(descriptor, PACKET_LOSS, Int32(1))
            try PacketRing.set(
                descriptor, PACKET_TX_RING,
                tpacket_req(
                    tp_block_size: UInt32(PacketRing.blockOctets),
                    tp_block_nr: UInt32(
                        PacketRing.frames * PacketRing.frameOctets / PacketRing.blockOctets),
                    tp_frame_size: UInt32(PacketRing.frameOctets),
                    tp_frame_nr: UInt32(PacketRing.frames)))
        } catch {
            close(descriptor)
            throw error
        }
        guard
            let memory = mmap(
                nil, PacketRing.frames * PacketRing.frameOctets, PROT_READ | PROT_WRITE, MAP_SHARED,
                descriptor, 0), memory != MAP_FAILED
        else {
            let code = errno
            close(descriptor)
            throw PacketRing.failed("mmap", code)
        }
        for (option, value) in [
            // The second needs CAP_NET_ADMIN; without it the system's limit holds.
            (SO_SNDBUF, Int32(8 << 20)), (SO_SNDBUFFORCE, 8 << 20),
            (SO_PRIORITY, Int32(clinux_priority_of_voice)),
        ] {
            var value = value
            _ = setsockopt(
                descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        self.descriptor = descriptor
        self.memory = memory
        self.capacity = capacity
        // Pages of zeros that take memory only once they are written to.
        guard let paths = calloc(max(1, capacity), MemoryLayout<PacketPath>.stride) else {
            munmap(memory, PacketRing.frames * PacketRing.frameOctets)
            close(descriptor)
            throw PacketRing.failed("calloc", ENOMEM)
        }
        self.paths = paths.bindMemory(to: PacketPath.self, capacity: max(1, capacity))
    }

    deinit {
        munmap(memory, PacketRing.frames * PacketRing.frameOctets)
        close(descriptor)
        free(paths)
    }

    private static func failed(_ call: String, _ code: Int32) -> MediaEngineError {
        .system(call: call, errno: code, at: "the packet ring")
    }

    private static func set<Value: BitwiseCopyable>(
        _ descriptor: Int32, _ option: Int32, _ value: Value
    ) throws(MediaEngineError) {
        var value = value
        let code = setsockopt(
            descriptor, SOL_PACKET, option, &value, socklen_t(MemoryLayout<Value>.size))
        guard code == 0 else { throw failed("setsockopt of SOL_PACKET", errno) }
    }

    func apply(_ changes: [PathChange]) {
        for change in changes where change.number >= 0 && Int(change.number) < capacity {
            paths[Int(change.number)] = change.path ?? PacketPath()
        }
    }

    // MARK: Sending

    /// Whether a packet can go by the ring.
    ///
    /// One in 256 of each stream does not, so that the kernel goes on asking for the listener's link
    /// address and learns of errors on the way.
    @inline(__always)
    private func takes(
        _ message: UnsafeMutablePointer<clinux_mmsghdr>, _ path: UnsafeMutablePointer<PacketPath>,
        _ socket: Int32
    ) -> Bool {
        guard path.pointee.interface != 0, path.pointee.socket == socket,
            let address = message.pointee.msg_hdr.msg_name,
            let vectors = message.pointee.msg_hdr.msg_iov, let header = vectors[0].iov_base,
            header.load(fromByteOffset: 3, as: UInt8.self) != 0
        else { return false }
        let octets = Int(path.pointee.headersLength) + vectors[0].iov_len + vectors[1].iov_len
        guard octets <= PacketRing.room, octets - 14 <= path.pointee.mtu else { return false }
        // A path can be of a stream that had the number before.
        return withUnsafeBytes(of: &path.pointee.headers) { headers in
            guard path.pointee.isIPv6 else {
                return address.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
                    == headers.loadUnaligned(fromByteOffset: 30, as: UInt32.self)
            }
            return address.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                == headers.loadUnaligned(fromByteOffset: 38, as: UInt64.self)
                && address.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
                    == headers.loadUnaligned(fromByteOffset: 46, as: UInt64.self)
        }
    }

    /// How many of the first messages go by the socket.
    func othersFirst(
        _ messages: UnsafeMutablePointer<clinux_mmsghdr>, of streams: UnsafePointer<HotStream>,
        count: Int, socket: Int32
    ) -> Int {
        var n = 0
        while n < count, !takes(messages + n, paths + Int(streams[n].stream), socket) { n &+= 1 }
        return n
    }

    /// Sends the first messages that go by the ring, and by one device. All of a socket are of one
    /// version of IP.
    ///
    /// - Returns: how many; 0 when the ring or the device takes none now.
    func send(
        _ messages: UnsafeMutablePointer<clinux_mmsghdr>, of streams: UnsafePointer<HotStream>,
        count: Int, socket: Int32
    ) -> Int {
        let first = next
        var n = 0
        var interface: Int32 = 0
        var isIPv6 = false
        while n < count {
            let path = paths + Int(streams[n].stream)
            guard takes(messages + n, path, socket) else { break }
            if n == 0 {
                interface = path.pointee.interface
                isIPv6 = path.pointee.isIPv6
            }
            guard path.pointee.interface == interface,
                fill(frame(first &+ n), messages + n, path)
            else { break }
            n &+= 1
        }
        guard n > 0 else { return 0 }
        _ = clinux_send_ring(
            descriptor, interface, UInt16(isIPv6 ? ETH_P_IPV6 : ETH_P_IP))
        let taken = self.taken(n, from: first)
        next = (first + taken) % PacketRing.frames
        return taken
    }

    private func frame(_ number: Int) -> UnsafeMutableRawPointer {
        memory + (number % PacketRing.frames) * PacketRing.frameOctets
    }

    /// Counts what the kernel has taken, and takes back the rest.
    private func taken(_ count: Int, from first: Int) -> Int {
        let waiting = UInt32(TP_STATUS_SEND_REQUEST)
        // As a rule all: the kernel goes through them in order.
        guard status(of: frame(first + count - 1)).pointee == waiting else { return count }
        var taken = 0
        while taken < count, status(of: frame(first + taken)).pointee != waiting { taken += 1 }
        for i in taken..<count {
            status(of: frame(first + i)).pointee = UInt32(TP_STATUS_AVAILABLE)
        }
        return taken
    }

    @inline(__always)
    private func status(of frame: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt32> {
        frame.assumingMemoryBound(to: UInt32.self)
    }

    /// Puts a whole packet into a frame.
    ///
    /// - Returns: false when the device has not done with what the frame holds.
    @inline(__always)
    private func fill(
        _ frame: UnsafeMutableRawPointer, _ message: UnsafeMutablePointer<clinux_mmsghdr>,
        _ path: UnsafeMutablePointer<PacketPath>
    ) -> Bool {
        guard status(of: frame).pointee == UInt32(TP_STATUS_AVAILABLE),
            let address = message.pointee.msg_hdr.msg_name,
            let vectors = message.pointee.msg_hdr.msg_iov
        else { return false }
        let packet = frame + Int(clinux_tpacket2_data)
        let headers = Int(path.pointee.headersLength)
        packet.copyMemory(from: &path.pointee.headers, byteCount: 64)
        var end = packet + headers
        for i in 0..<Int(message.pointee.msg_hdr.msg_iovlen) {
            guard let base = vectors[i].iov_base else { continue }
            end.copyMemory(from: base, byteCount: vectors[i].iov_len)
            end += vectors[i].iov_len
        }
        let payload = end - (packet + headers)
        let length = UInt16(truncatingIfNeeded: payload &+ 8)
        if path.pointee.isIPv6 {
            store(length, packet + 18)
        } else {
            store(length &+ 20, packet + 16)
            store(
                InternetChecksum.finish(path.pointee.ipSum &+ UInt32(length &+ 20)), packet + 24)
        }
        let udp = packet + headers - 8
        let port = UInt16(bigEndian: address.load(fromByteOffset: 2, as: UInt16.self))
        store(port, udp + 2)
        store(length, udp + 4)
        let sum = InternetChecksum.finish(
            path.pointee.udpSum &+ UInt32(port) &+ 2 &* UInt32(length)
                &+ InternetChecksum.sum(zeroPadding: packet + headers, payload))
        // 0 would say that there is no checksum (RFC 768).
        store(sum == 0 ? 0xffff : sum, udp + 6)
        let header = frame.assumingMemoryBound(to: tpacket2_hdr.self)
        header.pointee.tp_len = UInt32(truncatingIfNeeded: headers &+ payload)
        // Last: from here on it is the kernel's. It looks when it is called, by this thread.
        header.pointee.tp_status = UInt32(TP_STATUS_SEND_REQUEST)
        return true
    }

    @inline(__always)
    private func store(_ value: UInt16, _ place: UnsafeMutableRawPointer) {
        place.storeBytes(of: value.bigEndian, as: UInt16.self)
    }
}
