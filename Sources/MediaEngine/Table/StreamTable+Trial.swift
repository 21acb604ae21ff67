import CLinux
import Glibc
import Playout
import Sockets

extension StreamTable {
    /// Sends what streams on trial may have. A longer packet counts as several, so that nobody can
    /// turn more on a victim by asking for a wider codec or a longer packet time.
    func sendCapped() {
        for number in capped {
            let record = records + Int(number)
            guard record.pointee.cappedDue <= tick else { continue }
            let setup = record.pointee.setup
            let lane = lanes + Int(record.pointee.lane)
            // 160 octets of audio, 20 ms of G.711, are one.
            let cost = (Int64(lane.pointee.payloadOctets) + 159) / 160
            // In its slot, so that it can go on from there one packet time later.
            record.pointee.cappedDue = wheels[Int(record.pointee.wheel)].turn(
                of: Int(record.pointee.slot), from: tick + cappedInterval * max(1, cost))
            if let since = record.pointee.timestampTick {
                let elapsed = tick - since
                record.pointee.hot.timestamp &+= UInt32(
                    truncatingIfNeeded: elapsed * Int64(setup.format.clockRate) / 1000)
                record.pointee.hot.position += elapsed * 8
                record.pointee.hot.runEnd = .min
            }
            let audio: UnsafeMutableRawPointer?
            if setup.isLive {
                if lane.pointee.stamp != tick { refresh(lane) }
                audio = lane.pointee.address
            } else {
                audio = personalAddress(Int(number), &record.pointee.hot, lane, scratch)
            }
            let hot = record.pointee.hot
            sendSingleRTP(
                type: setup.payloadType & 127 | hot.marker, sequence: hot.sequence,
                timestamp: hot.timestamp, ssrc: setup.ssrc,
                prefix: setup.format.payloadPrefix(packetTime: Int(setup.packetTime)),
                audio: audio, audioOctets: lane.pointee.audioOctets, to: setup.destination,
                socket: setup.socket, lane: lane)
            record.pointee.hasSent = true
            record.pointee.hot.marker = 0
            record.pointee.hot.sequence &+= 1
            record.pointee.hot.timestamp &+= lane.pointee.timestampStep
            record.pointee.hot.packets &+= 1
            record.pointee.hot.octets &+= lane.pointee.payloadOctets
            record.pointee.timestampTick = tick + Int64(setup.packetTime)
        }
    }

    func sendSingleRTP(
        type: UInt8, sequence: UInt16, timestamp: UInt32, ssrc: UInt32, prefix: [UInt8],
        audio: UnsafeMutableRawPointer?, audioOctets: Int, to address: SocketAddress,
        socket: Int32, lane: UnsafeMutablePointer<Lane>
    ) {
        singleHeader.pointee.type = type
        singleHeader.pointee.sequence = sequence.bigEndian
        singleHeader.pointee.timestamp = timestamp.bigEndian
        singleHeader.pointee.ssrc = ssrc.bigEndian
        if prefix.count > 0 { singleHeader.pointee.prefix.0 = prefix[0] }
        if prefix.count > 1 { singleHeader.pointee.prefix.1 = prefix[1] }
        singleVectors[0] = iovec(
            iov_base: UnsafeMutableRawPointer(singleHeader),
            iov_len: PacketHeader.length + prefix.count)
        singleVectors[1] = iovec(iov_base: audio, iov_len: audioOctets)
        if sendSingle(2, to: address, socket: socket) > 0 {
            lane.pointee.packets &+= 1
        } else {
            counts.sendErrors += 1
        }
    }
}
