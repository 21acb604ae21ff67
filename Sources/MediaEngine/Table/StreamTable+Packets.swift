import CLinux
import Glibc
import Primitives
import Sockets

extension StreamTable {
    /// Makes the packets of a block for this tick, and moves its streams on.
    func fill(_ block: StreamBlock) {
        let hot = block.hot
        let headers = block.headers
        let vectors = block.vectors
        let lanes = self.lanes
        let tick = self.tick
        for i in 0..<block.count {
            let stream = hot + i
            let header = headers + i
            let lane = lanes + Int(stream.pointee.lane)
            header.pointee.type = stream.pointee.payloadType | stream.pointee.marker
            header.pointee.sequence = stream.pointee.sequence.bigEndian
            header.pointee.timestamp = stream.pointee.timestamp.bigEndian
            stream.pointee.marker = 0
            stream.pointee.sequence &+= 1
            stream.pointee.timestamp &+= stream.pointee.timestampStep
            stream.pointee.packets &+= 1
            stream.pointee.octets &+= lane.pointee.payloadOctets
            lane.pointee.packets &+= 1
            if lane.pointee.kind == .live {
                if lane.pointee.stamp != tick { refresh(lane) }
                vectors[2 &* i &+ 1].iov_base = lane.pointee.address
            } else {
                let position = stream.pointee.position
                if position &+ lane.pointee.step &- lane.pointee.unit < stream.pointee.runEnd,
                    let address = vectors[2 &* i &+ 1].iov_base
                {
                    vectors[2 &* i &+ 1].iov_base = address + lane.pointee.audioOctets
                    stream.pointee.position = position &+ lane.pointee.step
                } else {
                    vectors[2 &* i &+ 1].iov_base = personalAddress(
                        Int(stream.pointee.stream), stream, lane,
                        scratch + scratchStride &* i)
                }
            }
            if stream.pointee.rtcpDue <= tick, dueCount < StreamTable.maximumDue {
                due[dueCount] = stream.pointee.stream
                dueCount &+= 1
            }
        }
    }

    /// Takes back the numbers of packets that will not be sent; their time has passed all the same.
    func unsend(_ block: StreamBlock) {
        for i in 0..<block.count {
            let stream = block.hot + i
            let lane = lanes + Int(stream.pointee.lane)
            stream.pointee.sequence &-= 1
            stream.pointee.packets &-= 1
            stream.pointee.octets &-= lane.pointee.payloadOctets
            stream.pointee.marker = 0x80
            lane.pointee.packets &-= 1
        }
    }

    func transmit(_ block: StreamBlock) {
        guard block.socket < 0 else {
            transmit(block, 0..<block.count, socket: block.socket)
            return
        }
        for i in 0..<block.count {
            transmit(block, i..<(i + 1), socket: block.sockets[i])
        }
    }

    func transmit(_ block: StreamBlock, _ range: Range<Int>, socket: Int32) {
        var at = range.lowerBound
        var isSecondTry = false
        while at < range.upperBound {
            let taken = sender.send(
                block.messages + at, of: block.hot + at, count: range.upperBound - at,
                socket: socket)
            if taken > 0 {
                at += taken
                isSecondTry = false
                continue
            }
            let code = Int32(truncatingIfNeeded: -taken)
            switch code {
            case EINTR:
                continue
            case EAGAIN, ENOMEM:
                // The rest would not fit either, and later is too late.
                for i in at..<range.upperBound { fail(block, i) }
                return
            case ENOBUFS:
                // The device's queue was full and this packet is lost; it drains as we speak.
                fail(block, at)
                at += 1
            default:
                // An ICMP error of any earlier packet is reported once, in place of the next send.
                if !isSecondTry {
                    isSecondTry = true
                    continue
                }
                fail(block, at)
                notify(.refused(number: Int(block.hot[at].stream), errno: code))
                at += 1
                isSecondTry = false
            }
        }
    }

    func fail(_ block: StreamBlock, _ i: Int) {
        counts.sendErrors += 1
        lanes[Int(block.hot[i].lane)].packets &-= 1
    }

    /// Notices that only report trouble are dropped when nobody takes them.
    func notify(_ notice: StreamNotice) {
        if notices.count < 4096 { notices.append(notice) }
    }

    func sendSingle(_ vectorCount: Int, to address: SocketAddress, socket: Int32) -> Int {
        guard !address.isNone, socket >= 0 else { return -Int(EDESTADDRREQ) }
        singleAddress.pointee = address.storage
        single.pointee.msg_hdr.msg_namelen = address.length
        single.pointee.msg_hdr.msg_iovlen = vectorCount
        let taken = sender.send(single, of: nil, count: 1, socket: socket)
        if taken > 0 || taken == -Int(EAGAIN) { return taken }
        return sender.send(single, of: nil, count: 1, socket: socket)
    }
}
