package import Playout
import Primitives
import Synchronization

extension MediaEngine {
    package var statistics: MediaEngineStatistics {
        let senders = threads.withLock { $0.senders }
        var result = MediaEngineStatistics()
        let classIDs = state.withLock { state in
            for stream in state.streams.all where !stream.isClosing {
                let kind: MediaEngineStatistics.Kind
                if case .live = stream.parameters.source { kind = .live } else { kind = .personal }
                let key = MediaEngineStatistics.Key(
                    classID: stream.parameters.source.classID, format: stream.parameters.format,
                    kind: kind)
                result.traffic[key, default: .init()].streams += 1
                result.streams += 1
            }
            for group in state.multicasts.values where !group.isClosing {
                let key = MediaEngineStatistics.Key(
                    classID: group.parameters.classID, format: group.parameters.format,
                    kind: .multicast)
                result.traffic[key, default: .init()].streams += 1
            }
            result.listening = state.listening
            result.received = state.counts.received
            result.dropped = state.counts.dropped
            result.rtcpReceived = state.counts.rtcpReceived
            result.icmpErrors = state.counts.icmpErrors
            result.collisions = state.counts.collisions
            result.proofsExpired = state.counts.proofsExpired
            return state.classIDs
        }
        for sender in senders {
            let part = sender.statistics
            for lane in part.lanes where classIDs.indices.contains(Int(lane.classIndex)) {
                let key = MediaEngineStatistics.Key(
                    classID: classIDs[Int(lane.classIndex)], format: lane.format, kind: lane.kind)
                result.traffic[key, default: .init()].packets += lane.packets
                result.traffic[key, default: .init()].octets += lane.octets
            }
            for i in part.lateness.counts.indices {
                result.lateness.counts[i] += part.lateness.counts[i]
            }
            result.lateness.sum = result.lateness.sum + part.lateness.sum
            result.lateness.maximum = max(result.lateness.maximum, part.lateness.maximum)
            result.sendErrors += part.sendErrors
            result.skippedTicks += part.skippedTicks
            result.rtcpSent += part.rtcpSent
            result.ringPackets += part.ringPackets
        }
        return result
    }

    /// The packet times in which a format fits a packet, shortest first.
    package func packetTimes(of format: MediaFormat) -> [Int] {
        PacketTime.all.filter { octets(of: format, $0) <= configuration.maximumPayload }
    }
}
