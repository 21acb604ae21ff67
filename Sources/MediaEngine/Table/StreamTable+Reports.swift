import CLinux
import Glibc
import Playout
import Primitives
import RTP
import Sockets

extension StreamTable {
    /// RFC 3550 §6.3.1: between half and one and a half, compensated for reconsideration.
    func randomised(_ ticks: Int64) -> Int64 {
        let spread = Double(random.next() >> 11) / Double(1 << 53) + 0.5
        return Int64(Double(ticks) * spread / 1.21828)
    }

    func reportDue() {
        for i in 0..<dueCount {
            let record = records + Int(due[i])
            let next = tick + randomised(rtcpInterval)
            withHot(record) { $0.rtcpDue = next }
            report(record, goodbye: false)
        }
        dueCount = 0
    }

    /// A sixty-fourth of the records for each tick since the last: a thread that has nothing to send
    /// comes by every 64.
    func reportPaused() {
        pausedTurn = max(pausedTurn, tick - 63)
        while pausedTurn <= tick {
            var i = Int(pausedTurn & 63)
            while i < recordEnd {
                let record = records + i
                if record.pointee.state == .paused, record.pointee.hot.rtcpDue <= tick {
                    record.pointee.hot.rtcpDue = tick + randomised(rtcpInterval)
                    report(record, goodbye: false)
                }
                i += 64
            }
            pausedTurn += 1
        }
    }

    func sayGoodbye(_ record: UnsafeMutablePointer<StreamRecord>) {
        // RFC 3550 §6.3.7: who never sent anything leaves without a word. An unproven
        // destination gets nothing beyond its few packets.
        guard record.pointee.hasSent, record.pointee.setup.sending != .capped else { return }
        report(record, goodbye: true)
    }

    func report(_ record: UnsafeMutablePointer<StreamRecord>, goodbye: Bool) {
        let setup = record.pointee.setup
        guard !setup.rtcpDestination.isNone else { return }
        var timestamp: UInt32 = 0
        var packets: UInt32 = 0
        var octets: UInt32 = 0
        withHot(record) {
            timestamp = $0.timestamp
            packets = $0.packets
            octets = $0.octets
        }
        let isSender = packets != record.pointee.packetsReported
        record.pointee.packetsReported = packets
        if record.pointee.state == .placed {
            // Already the next packet's; the report is about this moment.
            timestamp &-= lanes[Int(record.pointee.lane)].timestampStep
        } else if let since = record.pointee.timestampTick {
            let clock = Int64(setup.format.clockRate)
            timestamp &+= UInt32(truncatingIfNeeded: (tick - since) * clock / 1000)
        }
        let count =
            isSender || goodbye && packets > 0
            ? composer.senderReport(
                ssrc: setup.ssrc, time: NTPTime(WallClockTime(nanoseconds: wall)),
                timestamp: timestamp, packets: packets, octets: octets, goodbye: goodbye)
            : composer.receiverReport(ssrc: setup.ssrc, goodbye: goodbye)
        record.pointee.hasSent = true
        sendReport(count, to: setup.rtcpDestination, socket: setup.rtcpSocket)
    }

    func sendReport(_ count: Int, to address: SocketAddress, socket: Int32) {
        singleVectors[0] = iovec(iov_base: composer.base, iov_len: count)
        if sendSingle(1, to: address, socket: socket) > 0 { counts.rtcpSent += 1 }
    }
}
