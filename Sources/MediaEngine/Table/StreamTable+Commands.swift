import Playout

extension StreamTable {
    package func apply(_ command: StreamCommand) {
        switch command {
        case .open(let number, let setup, let sequence, let timestamp, let start):
            open(number, setup, sequence, timestamp, start)
        case .update(let number, let setup):
            update(number, setup)
        case .close(let number):
            close(number)
        case .playlist(let classIndex, let playlist, let change):
            set(playlist, of: Int(classIndex), change)
        case .removeClass(let classIndex):
            removeClass(Int(classIndex))
        case .openMulticast(let number, let setup):
            openMulticast(number, setup)
        case .activate(let number, let isActive):
            activateMulticast(number, isActive)
        case .closeMulticast(let number):
            closeMulticast(number)
        case .paths(let changes):
            sender.apply(changes)
        }
    }

    func open(
        _ number: Int, _ setup: StreamSetup, _ sequence: UInt16, _ timestamp: UInt32,
        _ start: Int64
    ) {
        guard number >= 0, number < capacity else { return }
        while recordEnd <= number {
            (records + recordEnd).initialize(to: StreamRecord(setup: setup))
            recordEnd += 1
        }
        let record = records + number
        record.pointee = StreamRecord(setup: setup)
        record.pointee.hot.stream = Int32(number)
        record.pointee.hot.sequence = sequence
        record.pointee.hot.timestamp = timestamp
        record.pointee.hot.position = start
        record.pointee.hot.marker = 0x80
        // RFC 3550 §6.2: half the time before the first report.
        record.pointee.hot.rtcpDue = tick + randomised(rtcpInterval / 2)
        if !setup.isLive {
            record.pointee.run.player = retain(
                newestPlayer(of: Int(setup.classIndex), for: setup.format))
        }
        enter(record)
    }

    func update(_ number: Int, _ setup: StreamSetup) {
        guard number >= 0, number < recordEnd, records[number].state != .free else { return }
        let record = records + number
        let old = record.pointee.setup
        // A stream on trial that has just sent goes on where that packet ends.
        let isSending =
            record.pointee.state == .placed || record.pointee.state == .starting
            || record.pointee.state == .capped && (record.pointee.timestampTick ?? .min) >= tick
        withdraw(record)
        leaveLane(record.pointee.lane)
        record.pointee.lane = -1
        if old.ssrc != setup.ssrc {
            sayGoodbye(record)
            record.pointee.hasSent = false
            record.pointee.hot.packets = 0
            record.pointee.hot.octets = 0
            record.pointee.packetsReported = 0
            record.pointee.hot.marker = 0x80
        }
        // A new talkspurt after silence (RFC 3551 §4.1).
        if old.sending == .paused { record.pointee.hot.marker = 0x80 }
        record.pointee.setup = setup
        if !setup.isLive {
            let newest = newestPlayer(of: Int(setup.classIndex), for: setup.format)
            let isSame = old.classIndex == setup.classIndex && !old.isLive
            // The playlist it is in the middle of is kept where it can be.
            if !isSame || !plays(record.pointee.run.player, setup.format) {
                let before = record.pointee.run.player
                record.pointee.run.player = retain(newest)
                release(before)
            }
            record.pointee.run.forget()
            record.pointee.hot.runEnd = .min
        }
        enter(record, isSending: isSending)
    }

    func close(_ number: Int) {
        guard number >= 0, number < recordEnd, records[number].state != .free else { return }
        let record = records + number
        withdraw(record)
        sayGoodbye(record)
        let isLive = record.pointee.setup.isLive
        leaveLane(record.pointee.lane)
        release(record.pointee.run.player)
        record.pointee.run = Run()
        record.pointee.state = .free
        notices.append(
            .closed(number: number, position: isLive ? live : record.pointee.hot.position))
    }

    /// Ends everything, with BYE.
    package func closeAll() {
        for number in 0..<recordEnd { close(number) }
        for state in multicasts { closeMulticast(state.number) }
        for i in classes.indices { removeClass(i) }
    }
}
