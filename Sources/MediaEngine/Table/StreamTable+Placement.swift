import CLinux
import Glibc
import Playout
import Primitives
import Sockets

extension StreamTable {
    /// Puts a stream that is in no slot to where its setup wants it.
    ///
    /// - Parameter isSending: it goes on where its last packet ended, now or less than a packet
    ///   time ahead.
    func enter(_ record: UnsafeMutablePointer<StreamRecord>, isSending: Bool = false) {
        let setup = record.pointee.setup
        record.pointee.lane = lane(
            setup.classIndex, setup.format, setup.isLive ? .live : .personal, setup.packetTime)
        switch setup.sending {
        case .paused:
            record.pointee.state = .paused
            if pausedCount == 0 { pausedTurn = tick }
            pausedCount += 1
        case .capped:
            guard let wheel = reserve(record, exactly: isSending) else { return }
            record.pointee.state = .capped
            // No more packets by leaving this state and coming back.
            record.pointee.cappedDue = wheel.turn(
                of: Int(record.pointee.slot),
                from: max(record.pointee.startsAt, record.pointee.cappedDue))
            capped.append(record.pointee.hot.stream)
        case .full:
            place(record, exactly: isSending)
        }
    }

    func place(_ record: UnsafeMutablePointer<StreamRecord>, exactly: Bool) {
        guard let wheel = reserve(record, exactly: exactly) else { return }
        if record.pointee.startsAt - wheel.packetTime >= tick {
            // Its slot is sent once more before: too early for it.
            record.pointee.state = .starting
            starting.append(record.pointee.hot.stream)
        } else {
            insert(record)
        }
    }

    /// Gives a stream a slot, and moves its timestamp to the slot's next turn, `startsAt`.
    ///
    /// - Parameter exactly: its next packet starts where the last one ended, whatever the slot.
    func reserve(
        _ record: UnsafeMutablePointer<StreamRecord>, exactly: Bool
    ) -> Wheel? {
        let setup = record.pointee.setup
        guard let w = PacketTime.all.firstIndex(of: Int(setup.packetTime)) else { return nil }
        let wheel = wheels[w]
        let earliest = max(tick, record.pointee.timestampTick ?? tick)
        let slot: Int
        let turn: Int64
        if exactly {
            turn = earliest
            slot = Int(turn % wheel.packetTime)
        } else {
            slot = wheel.bestSlot()
            turn = wheel.turn(of: slot, from: earliest)
        }
        if let since = record.pointee.timestampTick {
            let clock = Int64(setup.format.clockRate)
            record.pointee.hot.timestamp &+= UInt32(
                truncatingIfNeeded: (turn - since) * clock / 1000)
        }
        record.pointee.timestampTick = turn
        record.pointee.wheel = Int32(w)
        record.pointee.slot = Int32(slot)
        record.pointee.startsAt = turn
        wheel.adjust(slot, by: 1)
        return wheel
    }

    func startDue() {
        starting.removeAll { number in
            let record = records + Int(number)
            guard record.pointee.startsAt - wheels[Int(record.pointee.wheel)].packetTime < tick
            else { return false }
            insert(record)
            return true
        }
    }

    /// Copies a stream into a block of its slot.
    func insert(_ record: UnsafeMutablePointer<StreamRecord>) {
        let setup = record.pointee.setup
        let wheel = wheels[Int(record.pointee.wheel)]
        let slot = Int(record.pointee.slot)
        let socket = setup.sharesSocket ? setup.socket : -1
        var number = wheel.slots[slot].firstIndex {
            $0.socket == socket && $0.count < StreamBlock.capacity
        }
        if number == nil {
            number = wheel.slots[slot].firstIndex { $0.count == 0 }
            if let number, wheel.slots[slot][number].socket != socket {
                wheel.slots[slot][number] = StreamBlock(socket: socket)
            }
        }
        if number == nil {
            wheel.slots[slot].append(StreamBlock(socket: socket))
            number = wheel.slots[slot].count - 1
        }
        guard let number else { return }
        let block = wheel.slots[slot][number]
        let i = block.count
        block.count += 1
        let lane = lanes + Int(record.pointee.lane)
        record.pointee.state = .placed
        record.pointee.block = Int32(number)
        record.pointee.place = Int32(i)
        record.pointee.hasSent = true
        record.pointee.hot.lane = record.pointee.lane
        record.pointee.hot.payloadType = setup.payloadType & 127
        record.pointee.hot.timestampStep = lane.pointee.timestampStep
        record.pointee.hot.runEnd = .min
        block.hot[i] = record.pointee.hot
        var header = PacketHeader()
        header.ssrc = setup.ssrc.bigEndian
        let prefix = setup.format.payloadPrefix(packetTime: Int(setup.packetTime))
        if prefix.count > 0 { header.prefix.0 = prefix[0] }
        if prefix.count > 1 { header.prefix.1 = prefix[1] }
        block.headers[i] = header
        block.addresses[i] = setup.destination.storage
        block.sockets[i] = setup.socket
        block.messages[i].msg_hdr.msg_namelen = setup.destination.length
        block.vectors[2 * i].iov_len = PacketHeader.length + prefix.count
        block.vectors[2 * i + 1] = iovec(iov_base: nil, iov_len: lane.pointee.audioOctets)
    }

    /// Takes a stream out of wherever it is; it then is in no list, and its lane is kept.
    func withdraw(_ record: UnsafeMutablePointer<StreamRecord>) {
        switch record.pointee.state {
        case .free:
            break
        case .paused:
            pausedCount -= 1
        case .capped:
            capped.removeAll { $0 == record.pointee.hot.stream }
            wheels[Int(record.pointee.wheel)].adjust(Int(record.pointee.slot), by: -1)
        case .starting:
            starting.removeAll { $0 == record.pointee.hot.stream }
            wheels[Int(record.pointee.wheel)].adjust(Int(record.pointee.slot), by: -1)
        case .placed:
            let wheel = wheels[Int(record.pointee.wheel)]
            let slot = Int(record.pointee.slot)
            let block = wheel.slots[slot][Int(record.pointee.block)]
            let i = Int(record.pointee.place)
            record.pointee.hot = block.hot[i]
            // The packet that would be sent next.
            record.pointee.timestampTick = wheel.turn(of: slot, from: tick)
            block.count -= 1
            if i != block.count {
                block.move(block.count, to: i)
                records[Int(block.hot[i].stream)].place = Int32(i)
            }
            wheel.adjust(slot, by: -1)
        }
        record.pointee.state = .paused
    }

    func withHot(
        _ record: UnsafeMutablePointer<StreamRecord>, _ body: (inout HotStream) -> Void
    ) {
        guard record.pointee.state == .placed else {
            body(&record.pointee.hot)
            return
        }
        let wheel = wheels[Int(record.pointee.wheel)]
        let block = wheel.slots[Int(record.pointee.slot)][Int(record.pointee.block)]
        body(&block.hot[Int(record.pointee.place)])
    }
}
