import Playout

extension StreamTable {
    @discardableResult
    func retain(_ player: Int32) -> Int32 {
        if player >= 0 { players[Int(player)]?.users += 1 }
        return player
    }

    func release(_ number: Int32) {
        guard number >= 0, let player = players[Int(number)] else { return }
        player.users -= 1
        guard player.users == 0 else { return }
        players[Int(number)] = nil
        notices.append(.released(player.playlist))
    }

    func newestPlayer(of classIndex: Int, for format: MediaFormat) -> Int32 {
        let state = classes[classIndex]
        for number in [state.next, state.current] where number >= 0 {
            if players[Int(number)]?.playlist.formats.contains(format) == true { return number }
        }
        return -1
    }

    /// What a live lane of the class plays: what its others play.
    func liveRun(of classIndex: Int, for format: MediaFormat) -> Run {
        if classes[classIndex].next >= 0 && live >= classes[classIndex].switchAt {
            promote(classIndex)
        }
        let state = classes[classIndex]
        var run = Run()
        let hasCurrent = plays(state.current, format)
        let hasNext = plays(state.next, format)
        if hasCurrent {
            run.player = retain(state.current)
            if hasNext {
                run.next = retain(state.next)
                run.switchAt = state.switchAt
            }
        } else if hasNext {
            run.player = retain(state.next)
        }
        return run
    }

    func plays(_ player: Int32, _ format: MediaFormat) -> Bool {
        player >= 0 && players[Int(player)]?.playlist.formats.contains(format) == true
    }

    func set(
        _ playlist: PreparedPlaylist, of classIndex: Int, _ when: PlaylistChange
    ) {
        while classes.count <= classIndex { classes.append(ClassState()) }
        let player = Player(playlist)
        let number: Int32
        if let free = players.firstIndex(where: { $0 == nil }) {
            players[free] = player
            number = Int32(free)
        } else {
            players.append(player)
            number = Int32(players.count - 1)
        }
        retain(number)
        // Promotes a change that is due by now.
        let unused = liveRun(of: classIndex, for: .pcmu)
        release(unused.player)
        release(unused.next)

        let old = classes[classIndex]
        release(old.next)
        classes[classIndex].next = -1
        if when == .atTrackEnd, old.current >= 0, let current = players[Int(old.current)] {
            let found = current.locate(live)
            classes[classIndex].next = number
            classes[classIndex].switchAt = live + max(1, found.remaining.ticks)
            nextPromotion = min(
                nextPromotion, classes[classIndex].switchAt + StreamTable.promotionDelay)
        } else {
            classes[classIndex].current = number
            classes[classIndex].switchAt = .max
            release(old.current)
        }
        let state = classes[classIndex]
        for i in 0..<laneCount
        where lanes[i].classIndex == Int32(classIndex) && lanes[i].kind == .live
            && lanes[i].users > 0
        {
            change(
                &lanes[i].run, lanes[i].format, to: number,
                at: state.next >= 0 ? state.switchAt : nil)
        }
        for i in multicasts.indices where multicasts[i].setup.classIndex == Int32(classIndex) {
            change(
                &multicasts[i].run, multicasts[i].setup.format, to: number,
                at: state.next >= 0 ? state.switchAt : nil)
        }
        guard state.next < 0 else { return }
        for i in 0..<recordEnd where records[i].state != .free {
            let record = records + i
            guard record.pointee.setup.classIndex == Int32(classIndex),
                !record.pointee.setup.isLive, plays(number, record.pointee.setup.format)
            else { continue }
            let before = record.pointee.run.player
            record.pointee.run.player = retain(number)
            release(before)
            record.pointee.run.forget()
            withHot(record) { $0.runEnd = .min }
        }
    }

    /// The longest packet: one that began before a change may still be asked for.
    static var promotionDelay: Int64 { 60 * 8 }

    /// Lets go of playlists whose last track has ended, also where nobody listens.
    func promoteDue() {
        nextPromotion = .max
        let limit = live - StreamTable.promotionDelay
        for i in classes.indices where classes[i].next >= 0 {
            guard classes[i].switchAt <= limit else {
                nextPromotion = min(
                    nextPromotion, classes[i].switchAt + StreamTable.promotionDelay)
                continue
            }
            promote(i)
        }
        for i in 0..<laneCount { promote(&lanes[i].run, limit) }
        for i in multicasts.indices { promote(&multicasts[i].run, limit) }
    }

    func promote(_ classIndex: Int) {
        release(classes[classIndex].current)
        classes[classIndex].current = classes[classIndex].next
        classes[classIndex].next = -1
        classes[classIndex].switchAt = .max
    }

    func promote(_ run: inout Run, _ limit: Int64) {
        guard run.next >= 0, run.switchAt <= limit else { return }
        let old = run.player
        run.player = run.next
        run.next = -1
        run.switchAt = .max
        run.forget()
        release(old)
    }

    func change(_ run: inout Run, _ format: MediaFormat, to player: Int32, at time: Int64?) {
        // A class whose new playlist lacks the format goes on with the old one.
        guard plays(player, format) else { return }
        release(run.next)
        run.next = -1
        run.switchAt = .max
        if let time, run.player >= 0 {
            run.next = retain(player)
            run.switchAt = time
            run.end = min(run.end, max(run.start, time))
        } else {
            let before = run.player
            run.player = retain(player)
            release(before)
            run.forget()
        }
    }

    func removeClass(_ classIndex: Int) {
        guard classIndex < classes.count else { return }
        let old = classes[classIndex]
        classes[classIndex] = ClassState()
        release(old.current)
        release(old.next)
    }
}
