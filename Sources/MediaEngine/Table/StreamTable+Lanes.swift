package import Playout

extension StreamTable {
    func lane(
        _ classIndex: Int32, _ format: MediaFormat, _ kind: MediaEngineStatistics.Kind,
        _ packetTime: Int32
    ) -> Int32 {
        var found = -1
        for i in 0..<laneCount
        where lanes[i].classIndex == classIndex && lanes[i].format == format
            && lanes[i].kind == kind && lanes[i].packetTime == packetTime
        {
            found = i
        }
        if found < 0 {
            if laneCount == laneCapacity {
                let larger = UnsafeMutablePointer<Lane>.allocate(capacity: 2 * laneCapacity)
                larger.moveInitialize(from: lanes, count: laneCount)
                lanes.deallocate()
                lanes = larger
                laneCapacity *= 2
            }
            found = laneCount
            (lanes + found).initialize(
                to: Lane(
                    classIndex: classIndex, format: format, kind: kind, packetTime: packetTime))
            laneCount += 1
        }
        if lanes[found].users == 0 && kind == .live {
            lanes[found].run = liveRun(of: Int(classIndex), for: format)
            lanes[found].stamp = .min
        }
        lanes[found].users += 1
        return Int32(found)
    }

    func leaveLane(_ number: Int32) {
        guard number >= 0 else { return }
        let lane = lanes + Int(number)
        lane.pointee.users -= 1
        guard lane.pointee.users == 0, lane.pointee.kind == .live else { return }
        release(lane.pointee.run.player)
        release(lane.pointee.run.next)
        lane.pointee.run = Run()
    }

    /// What was sent, per lane, since the start.
    package func forEachLane(
        _ body: (
            _ classIndex: Int32, _ format: MediaFormat, _ kind: MediaEngineStatistics.Kind,
            _ packets: UInt64, _ octets: UInt64
        ) -> Void
    ) {
        for i in 0..<laneCount {
            body(
                lanes[i].classIndex, lanes[i].format, lanes[i].kind, lanes[i].packets,
                lanes[i].packets &* UInt64(lanes[i].payloadOctets))
        }
    }
}
