import Playout
import Primitives
import RTP

extension EngineState {
    /// Takes one datagram that came to `socket`.
    mutating func receive(
        _ datagram: Span<UInt8>, on socket: Int32, owner: Owner, from source: Endpoint,
        at now: Instant, wall: WallClockTime, _ events: inout [StreamEvent],
        _ commands: inout [(thread: Int, StreamCommand)]
    ) {
        if case .multicast(let id) = owner {
            hearGroup(id, datagram, from: source, at: now, &commands)
            return
        }
        switch DatagramKind(datagram) {
        case .rtp:
            guard let header = try? RTPHeader(parsing: datagram) else {
                counts.dropped += 1
                return
            }
            receiveRTP(header, on: socket, owner, from: source, at: now, &events, &commands)
        case .rtcp:
            guard let packets = try? RTCPPacket.parse(datagram) else {
                counts.dropped += 1
                return
            }
            receiveRTCP(
                packets, on: socket, owner, from: source, at: now, wall, &events, &commands)
        case .stun, .dtls, .unknown:
            counts.dropped += 1
        }
    }

    private func find(_ socket: Int32, _ owner: Owner, _ source: Endpoint) -> StreamID? {
        if case .stream(let id) = owner { return id }
        return byPeer[Peer(socket: socket, endpoint: source)]
    }

    // MARK: RTP

    private mutating func receiveRTP(
        _ header: RTPHeader, on socket: Int32, _ owner: Owner, from source: Endpoint,
        at now: Instant, _ events: inout [StreamEvent],
        _ commands: inout [(thread: Int, StreamCommand)]
    ) {
        guard let id = find(socket, owner, source), var stream = streams[id], !stream.isClosing
        else {
            counts.dropped += 1
            return
        }
        counts.received += 1
        if stream.ownsPair, stream.latch.peer == nil, stream.mayLatch(to: source.address) {
            let before = stream
            if let peer = stream.latch.receive(header, from: source) {
                leave(before)
                if stream.prove(peer.address) { events.append(.proved(id)) }
                if peer != before.destination { events.append(.latched(id, peer)) }
                streams[id] = stream
                enter(stream)
                commands.append((stream.thread, .update(number: stream.number, stream.setup)))
            } else {
                streams[id] = stream
            }
        }
        // A third party's packets say nothing about the listener.
        guard source == stream.destination else { return }
        resolveCollision(header.ssrc, of: &stream, from: source, at: now, &events, &commands)
        stream.heardSource = header.ssrc
        stream.succeed()
        confirm(&stream, source.address, &events, &commands)
        streams[id] = stream
    }

    private mutating func resolveCollision(
        _ ssrc: UInt32, of stream: inout StreamControl, from source: Endpoint, at now: Instant,
        _ events: inout [StreamEvent], _ commands: inout [(thread: Int, StreamCommand)]
    ) {
        guard ssrc == stream.identity.ssrc else { return }
        let before = stream
        guard
            case .collision = stream.identity.receive(ssrc, from: source, at: now, using: &random)
        else { return }
        counts.collisions += 1
        leave(before)
        enter(stream)
        commands.append((stream.thread, .update(number: stream.number, stream.setup)))
        events.append(.ssrcChanged(stream.id, stream.identity.ssrc))
    }

    private mutating func confirm(
        _ stream: inout StreamControl, _ address: IPAddress, _ events: inout [StreamEvent],
        _ commands: inout [(thread: Int, StreamCommand)]
    ) {
        guard stream.prove(address) else { return }
        onTrial.remove(stream.id)
        commands.append((stream.thread, .update(number: stream.number, stream.setup)))
        events.append(.proved(stream.id))
    }

    // MARK: RTCP

    private mutating func receiveRTCP(
        _ packets: [RTCPPacket], on socket: Int32, _ owner: Owner, from source: Endpoint,
        at now: Instant, _ wall: WallClockTime, _ events: inout [StreamEvent],
        _ commands: inout [(thread: Int, StreamCommand)]
    ) {
        var id: StreamID?
        // A report that names our SSRC comes from somebody who hears us, wherever from.
        var namesUs = false
        for packet in packets {
            for block in packet.reports {
                if let found = bySSRC[block.ssrc] {
                    id = found
                    namesUs = true
                }
            }
        }
        id = id ?? find(socket, owner, source)
        guard let id, var stream = streams[id], !stream.isClosing else {
            counts.dropped += 1
            return
        }
        counts.rtcpReceived += 1
        let isTheirs =
            source.address == stream.destination?.address
            || source.address == stream.rtcpDestination?.address
        guard isTheirs || namesUs else { return }

        for packet in packets {
            for block in packet.reports where block.ssrc == stream.identity.ssrc {
                note(block, of: stream, at: wall, &events)
            }
            switch packet {
            case .senderReport(let report):
                if isTheirs {
                    resolveCollision(
                        report.ssrc, of: &stream, from: source, at: now, &events, &commands)
                }
            case .goodbye(let goodbye):
                // Our own SSRC in it would be an echo. Anybody can write the listener's address on
                // a packet: it must also name our SSRC, or one that was heard from there before.
                if !goodbye.sources.contains(stream.identity.ssrc),
                    namesUs || goodbye.sources.contains(where: { $0 == stream.heardSource })
                {
                    events.append(.rtcpBye(id))
                } else {
                    counts.dropped += 1
                }
            case .receiverReport, .sourceDescription, .other: break
            }
            if isTheirs, let source = packet.source, stream.heardSource == nil || namesUs {
                stream.heardSource = source
            }
        }
        stream.hasHeardRTCP = true
        switch stream.parameters.rtcpWatch {
        case .none: break
        case .onceHeard, .promised: stream.rtcpSince = now
        }
        if isTheirs || namesUs { stream.succeed() }
        if stream.ownsPair, !stream.parameters.rtcpMux, stream.latchedRTCP == nil,
            let peer = stream.latch.peer, peer.address == source.address,
            source != stream.rtcpDestination
        {
            let before = stream
            leave(before)
            stream.latchedRTCP = source
            enter(stream)
            commands.append((stream.thread, .update(number: stream.number, stream.setup)))
        }
        if isTheirs {
            // a=rtcp may name another host than the one that wants the music.
            confirm(&stream, source.address, &events, &commands)
        }
        streams[id] = stream
    }

    private mutating func note(
        _ block: ReportBlock, of stream: StreamControl, at wall: WallClockTime,
        _ events: inout [StreamEvent]
    ) {
        let clock = Double(stream.parameters.format.clockRate)
        let jitter = Double(block.jitter) / clock
        let fraction = Double(block.fractionLost) / 256
        let trip = block.roundTrip(at: NTPTime(wall))
        let classID = stream.parameters.source.classID
        listening[classID, default: .init()].reports += 1
        listening[classID, default: .init()].fractionLostSum += fraction
        // A jitter of minutes is no measurement.
        let bounded = min(jitter, 60)
        listening[classID, default: .init()].jitterSum += bounded
        if let trip {
            listening[classID, default: .init()].roundTrips += 1
            listening[classID, default: .init()].roundTripSum += trip.seconds
        }
        events.append(
            .receiverReport(
                stream.id,
                ListenerReport(
                    fractionLost: fraction, cumulativeLost: Int(block.cumulativeLost),
                    jitter: Interval(nanoseconds: Int64(bounded * 1e9)), roundTrip: trip)))
    }

    /// Looks for listeners whose RTCP has fallen silent.
    mutating func watchRTCP(at now: Instant, _ events: inout [StreamEvent]) {
        for stream in streams.all {
            guard let since = stream.rtcpSince, !stream.isClosing else { continue }
            switch stream.parameters.rtcpWatch {
            case .none: break
            case .onceHeard(let limit), .promised(let limit):
                guard now - since > limit else { continue }
                streams[stream.id]?.rtcpSince = nil
                events.append(.rtcpSilent(stream.id))
            }
        }
    }

    // MARK: Errors

    /// Counts an ICMP error about a datagram that went from `socket` to `destination`.
    mutating func countFailure(
        _ socket: Int32, _ destination: Endpoint, isRTCP: Bool, at now: Instant,
        _ events: inout [StreamEvent]
    ) {
        counts.icmpErrors += 1
        // A phone without RTCP refuses it; the music may arrive all the same.
        guard !isRTCP, let id = byPeer[Peer(socket: socket, endpoint: destination)],
            let stream = streams[id], stream.destination == destination
        else { return }
        countFailure(id, at: now, &events)
    }

    mutating func countFailure(
        _ id: StreamID, at now: Instant, _ events: inout [StreamEvent]
    ) {
        if streams[id]?.failures.fail(at: now) == true { events.append(.unreachable(id)) }
    }

    // MARK: Multicast

    private mutating func hearGroup(
        _ id: MulticastID, _ datagram: Span<UInt8>, from source: Endpoint, at now: Instant,
        _ commands: inout [(thread: Int, StreamCommand)]
    ) {
        guard let header = try? RTPHeader(parsing: datagram), let group = multicasts[id],
            header.ssrc == group.ssrc
        else {
            counts.dropped += 1
            return
        }
        if multicasts[id]?.hear(from: source, at: now) == true {
            commands.append((group.thread, .activate(number: group.number, false)))
        }
    }

    // MARK: Ends

    /// Forgets a stream that its thread has let go of.
    mutating func finish(_ number: Int, on thread: Int) -> StreamID? {
        guard byNumber.indices.contains(thread),
            let id = byNumber[thread].removeValue(forKey: number)
        else { return nil }
        threads[thread].freeNumbers.append(number)
        threads[thread].streams -= 1
        guard let stream = streams[id] else { return nil }
        streams[id] = nil
        leave(stream)
        if stream.ownsPair {
            sockets[stream.pair.rtp.descriptor] = nil
            sockets[stream.pair.rtcp.descriptor] = nil
        }
        return id
    }

    /// The formats that somebody listens to now, per class.
    func formatsInUse() -> [(ClassID, PreparedPlaylist, Set<MediaFormat>)] {
        var formats: [ClassID: Set<MediaFormat>] = [:]
        for stream in streams.all {
            guard case .live(let id) = stream.parameters.source, stream.parameters.isSending
            else { continue }
            formats[id, default: []].insert(stream.parameters.format)
        }
        for group in multicasts.values {
            formats[group.parameters.classID, default: []].insert(group.parameters.format)
        }
        return formats.compactMap { id, formats in
            guard let known = classes[id] else { return nil }
            return (id, known.playlist, formats.intersection(known.playlist.formats))
        }
    }
}

extension RTCPPacket {
    /// Who wrote a report.
    fileprivate var source: UInt32? {
        switch self {
        case .senderReport(let report): report.ssrc
        case .receiverReport(let report): report.ssrc
        case .sourceDescription, .goodbye, .other: nil
        }
    }

    fileprivate var reports: [ReportBlock] {
        switch self {
        case .senderReport(let report): report.reports
        case .receiverReport(let report): report.reports
        case .sourceDescription, .goodbye, .other: []
        }
    }
}
