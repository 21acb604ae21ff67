import Playout
import Primitives
import RTP
import Sockets

/// What the engine keeps about a stream beside its sending thread.
struct StreamControl {
    let id: StreamID
    let thread: Int
    /// Its number in the thread's table.
    let number: Int
    let classIndex: Int32
    var parameters: StreamParameters
    let pair: SocketPair
    let ownsPair: Bool
    var identity: SourceIdentity
    var proof = PathProof.notNeeded
    var unusual: Unusual?
    /// Since when, or when last, RTCP was heard; nil when silence means nothing.
    var rtcpSince: Instant?
    var hasHeardRTCP = false
    /// The SSRC that the listener's packets carry.
    var heardSource: UInt32?
    /// So many streams wait for proof from the same destination that this one sends nothing there.
    var isTrialSilent = false
    var isClosing = false

    /// What few streams have, so that all others need no room for it.
    final class Unusual {
        let latch: Latch
        let failures: FailureRun
        let latchedRTCP: Endpoint?

        init(_ latch: Latch, _ failures: FailureRun, _ latchedRTCP: Endpoint?) {
            self.latch = latch
            self.failures = failures
            self.latchedRTCP = latchedRTCP
        }
    }

    var latch: Latch {
        get { unusual?.latch ?? Latch() }
        set { unusual = Unusual(newValue, failures, latchedRTCP) }
    }
    var failures: FailureRun {
        get { unusual?.failures ?? FailureRun() }
        set { unusual = Unusual(latch, newValue, latchedRTCP) }
    }
    /// The listener's RTCP port as its packets showed it.
    var latchedRTCP: Endpoint? {
        get { unusual?.latchedRTCP }
        set { unusual = Unusual(latch, failures, newValue) }
    }

    /// Something arrived from the listener.
    mutating func succeed() {
        if let unusual, !unusual.failures.isEmpty { failures.succeed() }
    }

    /// The listener is another one: what was found out about the last does not hold for it.
    mutating func forgetListener() {
        unusual = nil
        heardSource = nil
    }

    /// Where RTP really goes.
    var destination: Endpoint? {
        latch.peer ?? StreamControl.usable(parameters.destination)
    }

    var rtcpDestination: Endpoint? {
        guard let destination else { return nil }
        if parameters.rtcpMux { return destination }
        if let latchedRTCP { return latchedRTCP }
        if let peer = latch.peer { return StreamControl.above(peer) }
        if let explicit = parameters.rtcpDestination { return StreamControl.usable(explicit) }
        return StreamControl.above(destination)
    }

    var rtcpSocket: UDPSocket { parameters.rtcpMux ? pair.rtp : pair.rtcp }

    /// The way that its packets take, if a ring may send them: streams with sockets of their own are
    /// few, and their destination may change with any packet that comes.
    var path: (PathFinder.Flow, PathFinder.Listener)? {
        guard !ownsPair, let destination else { return nil }
        return (
            PathFinder.Flow(to: destination, from: pair.small.local, by: pair.small.device),
            PathFinder.Listener(
                thread: Int32(truncatingIfNeeded: thread),
                number: Int32(truncatingIfNeeded: number), socket: pair.small.descriptor)
        )
    }

    func mayLatch(to address: IPAddress) -> Bool {
        guard let allowed = parameters.latchesTo else { return true }
        return address == allowed || address == parameters.destination?.address
    }

    /// RFC 3264 §8.4: 0.0.0.0 is no destination; on Linux it would be this host.
    private static func usable(_ endpoint: Endpoint?) -> Endpoint? {
        guard let endpoint, endpoint.port != 0, !endpoint.address.isUnspecified else { return nil }
        return endpoint
    }

    private static func above(_ endpoint: Endpoint) -> Endpoint? {
        endpoint.port == .max ? nil : Endpoint(endpoint.address, port: endpoint.port + 1)
    }

    var sending: StreamSetup.Sending {
        guard parameters.isSending, destination != nil else { return .paused }
        switch proof {
        case .notNeeded, .proven: return .full
        case .waiting: return isTrialSilent ? .paused : .capped
        case .expired: return .paused
        }
    }

    /// Whether the destination gets nothing but the few packets of a trial: no reports either, also
    /// while nothing is sent.
    private var isOnTrial: Bool {
        guard case .required = parameters.proof else { return false }
        if case .proven = proof { return false }
        return true
    }

    var setup: StreamSetup {
        let isLive: Bool
        if case .live = parameters.source { isLive = true } else { isLive = false }
        let octets =
            PacketHeader.length
            + parameters.format.payloadOctets(packetTime: parameters.packetTime)
        return StreamSetup(
            classIndex: classIndex, isLive: isLive, format: parameters.format,
            payloadType: parameters.payloadType, packetTime: Int32(parameters.packetTime),
            sending: sending, destination: SocketAddress(destination),
            rtcpDestination: SocketAddress(isOnTrial ? nil : rtcpDestination),
            socket: pair.sending(octets).descriptor, rtcpSocket: rtcpSocket.descriptor,
            sharesSocket: !ownsPair, ssrc: identity.ssrc)
    }

    /// Starts, keeps or ends the wait for proof after `parameters` changed.
    ///
    /// - Parameter isElsewhere: music now goes to another destination than before.
    mutating func reviewProof(at now: Instant, isElsewhere: Bool) {
        guard case .required(let time) = parameters.proof else {
            proof = .notNeeded
            return
        }
        if case .proven(let address) = proof, address == destination?.address { return }
        guard parameters.isSending, destination != nil else {
            if case .proven = proof { proof = .waiting(until: now + time) }
            return
        }
        switch proof {
        case .waiting: break
        // Whoever did not want it is not asked again because signalling repeats itself.
        case .expired where !isElsewhere: break
        case .notNeeded, .proven, .expired: proof = .waiting(until: now + time)
        }
    }

    /// Takes note that something came from `address`.
    ///
    /// - Returns: whether that was the proof that was waited for.
    mutating func prove(_ address: IPAddress) -> Bool {
        guard case .waiting = proof, destination?.address == address else { return false }
        proof = .proven(address)
        return true
    }
}
