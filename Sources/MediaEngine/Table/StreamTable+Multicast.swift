import CLinux
import Glibc
import Playout
import Primitives
import RTP
import Sockets

extension StreamTable {
    func openMulticast(_ number: Int, _ setup: MulticastSetup) {
        let lane = lane(setup.classIndex, setup.format, .multicast, setup.packetTime)
        var state = MulticastState(
            number: number, setup: setup, lane: lane,
            run: liveRun(of: Int(setup.classIndex), for: setup.format))
        let prefix = setup.format.payloadPrefix(packetTime: Int(setup.packetTime))
        if prefix.count > 0 { state.prefix.0 = prefix[0] }
        if prefix.count > 1 { state.prefix.1 = prefix[1] }
        state.prefixCount = prefix.count
        multicasts.append(state)
    }

    func activateMulticast(_ number: Int, _ isActive: Bool) {
        for i in multicasts.indices where multicasts[i].number == number {
            guard multicasts[i].isActive != isActive else { return }
            multicasts[i].isActive = isActive
            multicasts[i].last = packetNumber(multicasts[i].setup)
            multicasts[i].rtcpDue = tick + randomised(rtcpInterval / 2)
        }
    }

    func closeMulticast(_ number: Int) {
        guard let i = multicasts.firstIndex(where: { $0.number == number }) else { return }
        let state = multicasts[i]
        if state.isActive && state.packets > 0 { reportMulticast(state, goodbye: true) }
        leaveLane(state.lane)
        release(state.run.player)
        release(state.run.next)
        multicasts.remove(at: i)
        notices.append(.multicastClosed(number: number))
    }

    /// The packet under way, counted from the Unix epoch: the same on all nodes.
    func packetNumber(_ setup: MulticastSetup) -> Int64 {
        let milliseconds = wall / 1_000_000 - setup.phase
        return milliseconds / Int64(setup.packetTime)
    }

    func sendMulticasts() {
        for i in multicasts.indices {
            let packet = packetNumber(multicasts[i].setup)
            guard packet != multicasts[i].last, multicasts[i].isActive else { continue }
            multicasts[i].last = packet
            let setup = multicasts[i].setup
            let lane = lanes + Int(multicasts[i].lane)
            let start = (packet &* Int64(setup.packetTime) &+ setup.phase) &* 8
            let audio = address(&multicasts[i].run, at: start, lane, lane.pointee.scratch)
            singleHeader.pointee.type = setup.payloadType & 127
            singleHeader.pointee.sequence =
                (setup.sequenceBase &+ UInt16(truncatingIfNeeded: packet)).bigEndian
            singleHeader.pointee.timestamp = multicastTimestamp(setup, packet).bigEndian
            singleHeader.pointee.ssrc = setup.ssrc.bigEndian
            singleHeader.pointee.prefix.0 = multicasts[i].prefix.0
            singleHeader.pointee.prefix.1 = multicasts[i].prefix.1
            singleVectors[0] = iovec(
                iov_base: UnsafeMutableRawPointer(singleHeader),
                iov_len: PacketHeader.length + multicasts[i].prefixCount)
            singleVectors[1] = iovec(iov_base: audio, iov_len: lane.pointee.audioOctets)
            if sendSingle(2, to: setup.destination, socket: setup.socket) > 0 {
                lane.pointee.packets &+= 1
                multicasts[i].packets &+= 1
                multicasts[i].octets &+= lane.pointee.payloadOctets
            } else {
                counts.sendErrors += 1
            }
            if multicasts[i].rtcpDue <= tick {
                multicasts[i].rtcpDue = tick + randomised(rtcpInterval)
                reportMulticast(multicasts[i], goodbye: false)
            }
        }
    }

    func multicastTimestamp(_ setup: MulticastSetup, _ packet: Int64) -> UInt32 {
        let samples = Int64(setup.format.clockRate) * Int64(setup.packetTime) / 1000
        return setup.timestampBase &+ UInt32(truncatingIfNeeded: packet &* samples)
    }

    func reportMulticast(_ state: MulticastState, goodbye: Bool) {
        guard !state.setup.rtcpDestination.isNone else { return }
        let count = composer.senderReport(
            ssrc: state.setup.ssrc, time: NTPTime(WallClockTime(nanoseconds: wall)),
            timestamp: multicastTimestamp(state.setup, state.last), packets: state.packets,
            octets: state.octets, goodbye: goodbye)
        sendReport(count, to: state.setup.rtcpDestination, socket: state.setup.rtcpSocket)
    }
}
