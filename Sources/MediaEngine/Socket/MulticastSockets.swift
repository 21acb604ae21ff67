import CLinux
import Glibc
import Primitives
import Sockets

/// The sockets of one multicast group: a pair to send from, and one that hears the group.
struct MulticastSockets: Sendable {
    let pair: SocketPair
    let listener: UDPSocket

    init(
        _ parameters: MulticastParameters, pair: SocketPair, dscp: UInt8
    ) throws(MediaEngineError) {
        self.pair = pair
        let index = try MulticastSockets.interfaceIndex(parameters)
        for socket in [pair.rtp, pair.rtcp] {
            try MulticastSockets.prepare(socket, parameters, index)
        }
        listener = try UDPSocket(
            parameters.group, dscp: dscp, bufferOctets: 1 << 18, reusesAddress: true)
        try MulticastSockets.join(listener, parameters, index)
    }

    static func interfaceIndex(
        _ parameters: MulticastParameters
    ) throws(MediaEngineError) -> UInt32 {
        guard let name = parameters.interface else { return 0 }
        let index = if_nametoindex(name)
        guard index != 0 else {
            throw .system(call: "if_nametoindex", errno: errno, at: "interface \(name)")
        }
        return index
    }

    private static func prepare(
        _ socket: UDPSocket, _ parameters: MulticastParameters, _ index: UInt32
    ) throws(MediaEngineError) {
        let fd = socket.descriptor
        if parameters.group.address.isIPv6 {
            let level = Int32(IPPROTO_IPV6)
            socket.set(level, IPV6_MULTICAST_HOPS, Int32(parameters.ttl))
            socket.set(level, IPV6_MULTICAST_LOOP, parameters.loop ? 1 : 0)
            if index != 0 { socket.set(level, IPV6_MULTICAST_IF, Int32(index)) }
            return
        }
        let level = Int32(IPPROTO_IP)
        socket.set(level, IP_MULTICAST_TTL, Int32(parameters.ttl))
        socket.set(level, IP_MULTICAST_LOOP, parameters.loop ? 1 : 0)
        var request = ip_mreqn()
        request.imr_address.s_addr = (parameters.local.v4 ?? 0).bigEndian
        request.imr_ifindex = Int32(index)
        guard
            setsockopt(
                fd, level, IP_MULTICAST_IF, &request, socklen_t(MemoryLayout<ip_mreqn>.size)) == 0
        else {
            throw .system(call: "IP_MULTICAST_IF", errno: errno, at: "\(parameters.local)")
        }
    }

    private static func join(
        _ socket: UDPSocket, _ parameters: MulticastParameters, _ index: UInt32
    ) throws(MediaEngineError) {
        let fd = socket.descriptor
        let result: Int32
        if parameters.group.address.isIPv6 {
            var request = ipv6_mreq()
            request.ipv6mr_multiaddr = SocketAddress(parameters.group).storage.sin6_addr
            request.ipv6mr_interface = index
            result = setsockopt(
                fd, Int32(IPPROTO_IPV6), IPV6_JOIN_GROUP, &request,
                socklen_t(MemoryLayout<ipv6_mreq>.size))
        } else {
            // Else it would hear every group that anybody on this host has joined.
            socket.set(Int32(IPPROTO_IP), IP_MULTICAST_ALL, 0)
            var request = ip_mreqn()
            request.imr_multiaddr.s_addr = (parameters.group.address.v4 ?? 0).bigEndian
            request.imr_address.s_addr = (parameters.local.v4 ?? 0).bigEndian
            request.imr_ifindex = Int32(index)
            result = setsockopt(
                fd, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &request,
                socklen_t(MemoryLayout<ip_mreqn>.size))
        }
        guard result == 0 else {
            throw .system(call: "joining the group", errno: errno, at: "\(parameters.group)")
        }
    }
}
