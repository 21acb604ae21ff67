import Glibc
import Primitives
import Sockets
import Synchronization

/// Groups: one stream each, whoever listens.
extension MediaEngine {
    /// Sends a class to a group, or stands by while another node does.
    package func startMulticast(
        _ parameters: MulticastParameters
    ) throws(MediaEngineError) -> MulticastID {
        guard parameters.group.address.isMulticast,
            parameters.group.address.isIPv6 == parameters.local.isIPv6,
            parameters.group.port % 2 == 0, parameters.group.port != 0
        else { throw .multicastGroup(parameters.group) }
        try check(
            parameters.format, parameters.packetTime, parameters.payloadType, parameters.local)
        let senders = threads.withLock { $0.senders }
        let now = MachineClock.monotonic()
        return try state.withLock { state throws(MediaEngineError) in
            guard state.isRunning, !senders.isEmpty else { throw .notRunning }
            guard let known = state.classes[parameters.classID], !known.isRemoved else {
                throw .unknownClass(parameters.classID)
            }
            guard known.playlist.formats.contains(parameters.format) else {
                throw .formatNotPrepared(parameters.classID, parameters.format)
            }
            let pair = try state.ports.take(
                on: parameters.local, dscp: state.dscp, bufferOctets: 1 << 18)
            let sockets = try MulticastSockets(parameters, pair: pair, dscp: state.dscp)
            let id = MulticastID(number: state.nextID())
            let identity = MulticastIdentity(parameters, siteSeed: configuration.siteSeed)
            let thread = Int(id.number % UInt64(senders.count))
            let stagger = Interval.milliseconds(Int(state.random.next() % 50))
            let control = MulticastControl(
                id: id, thread: thread, number: Int(id.number), parameters: parameters,
                sockets: sockets, ssrc: identity.ssrc, lastHeard: now, stagger: stagger)
            state.multicasts[id] = control
            state.sockets[sockets.listener.descriptor] = (
                sockets.listener, .multicast(id), false
            )
            threads.withLock { $0.receiver?.listen(to: sockets.listener) }
            let scope = try MulticastSockets.interfaceIndex(parameters)
            var destination = SocketAddress(parameters.group)
            var rtcp = SocketAddress(
                parameters.sendsRTCP
                    ? Endpoint(parameters.group.address, port: parameters.group.port + 1) : nil)
            if parameters.group.address.isIPv6 {
                destination.storage.sin6_scope_id = scope
                rtcp.storage.sin6_scope_id = scope
            }
            senders[thread].post(
                .openMulticast(
                    number: control.number,
                    MulticastSetup(
                        classIndex: known.index, format: parameters.format,
                        payloadType: parameters.payloadType,
                        packetTime: Int32(parameters.packetTime), destination: destination,
                        rtcpDestination: rtcp, socket: pair.rtp.descriptor,
                        rtcpSocket: pair.rtcp.descriptor, ssrc: identity.ssrc,
                        sequenceBase: identity.sequenceBase,
                        timestampBase: identity.timestampBase,
                        phase: Int64(identity.ssrc % UInt32(parameters.packetTime)))))
            return id
        }
    }

    package func stopMulticast(_ id: MulticastID) {
        let senders = threads.withLock { $0.senders }
        state.withLock { state in
            guard let group = state.multicasts[id], !group.isClosing else { return }
            state.multicasts[id]?.isClosing = true
            if senders.indices.contains(group.thread) {
                senders[group.thread].post(.closeMulticast(number: group.number))
            }
        }
    }

    /// Whether this node sends to the group; false while it stands by.
    package func isSending(_ id: MulticastID) -> Bool {
        state.withLock { $0.multicasts[id]?.isActive ?? false }
    }
}
