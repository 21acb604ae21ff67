import Playout
import Primitives

/// What a sending thread has counted, as it leaves it for others to read.
struct ThreadStatistics: Sendable {
    struct LaneCount: Sendable {
        var classIndex: Int32
        var format: MediaFormat
        var kind: MediaEngineStatistics.Kind
        var packets: UInt64
        var octets: UInt64
    }

    var lanes: [LaneCount] = []
    var lateness = MediaEngineStatistics.Lateness()
    var sendErrors: UInt64 = 0
    var skippedTicks: UInt64 = 0
    var rtcpSent: UInt64 = 0
    var ringPackets: UInt64 = 0
}
