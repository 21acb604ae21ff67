package import Playout
package import Primitives

/// A snapshot of what the engine does and has done since it started.
package struct MediaEngineStatistics: Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case live, personal, multicast
    }

    package struct Key: Hashable, Sendable {
        package var classID: ClassID
        package var format: MediaFormat
        package var kind: Kind

        package init(classID: ClassID, format: MediaFormat, kind: Kind) {
            self.classID = classID
            self.format = format
            self.kind = kind
        }
    }

    package struct Traffic: Sendable {
        /// Streams open now; of multicast, groups.
        package var streams = 0
        package var packets: UInt64 = 0
        /// Octets of RTP payload.
        package var octets: UInt64 = 0

        package init() {}
    }

    /// What listeners report by RTCP, per class; sums, so that rates can be made of differences.
    package struct Listening: Sendable {
        package var reports: UInt64 = 0
        /// Sum over reports of the share lost, each 0 to 1.
        package var fractionLostSum = 0.0
        /// Sum over reports of jitter in seconds.
        package var jitterSum = 0.0
        package var roundTrips: UInt64 = 0
        /// Sum of round-trip times in seconds.
        package var roundTripSum = 0.0

        package init() {}
    }

    /// How late ticks began, over all sending threads.
    package struct Lateness: Sendable {
        /// Upper edges of the buckets but the last, which is open.
        package static let edges: [Interval] = [
            50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000,
        ].map { .microseconds($0) }
        /// Ticks per bucket (not cumulative), one more than ``edges``.
        package var counts = [UInt64](repeating: 0, count: edges.count + 1)
        package var sum: Interval = .zero
        package var maximum: Interval = .zero

        package init() {}
    }

    package var traffic: [Key: Traffic] = [:]
    package var listening: [ClassID: Listening] = [:]
    package var lateness = Lateness()
    package var streams = 0
    /// Packets that the kernel did not take.
    package var sendErrors: UInt64 = 0
    /// Packets that left by a packet ring, of all that were sent.
    package var ringPackets: UInt64 = 0
    /// Packets of unicast streams left out because a tick was later than can be made good.
    package var skippedTicks: UInt64 = 0
    /// RTP packets from listeners (read for proof, latching and liveness, then dropped).
    package var received: UInt64 = 0
    /// Datagrams that are neither RTP nor RTCP, or that come from nobody we send to.
    package var dropped: UInt64 = 0
    package var rtcpSent: UInt64 = 0
    package var rtcpReceived: UInt64 = 0
    package var icmpErrors: UInt64 = 0
    package var collisions: UInt64 = 0
    /// Streams stopped for want of proof.
    package var proofsExpired: UInt64 = 0

    package init() {}
}
