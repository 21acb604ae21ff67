package import Primitives

/// What a ``MediaEngine`` needs to know before it starts.
package struct MediaEngineConfiguration: Sendable, Equatable {
    /// Sending threads; nil is one for each processor.
    package var threads: Int?
    /// Streams that a sending thread has before another one is put to work.
    ///
    /// Threads that send at once wait for each other where the device has one queue, and each has
    /// its wake-ups: 2,000 streams on two threads took 40 % more CPU than on one. So many streams
    /// at 20 ms are some 40 % of a processor, and a tick of them 200 packets, sent in 0.4 ms. By a
    /// packet ring so many take a third of that.
    package var streamsBeforeSpreading: Int { spreadsAbove ?? (usesPacketRing ? 12_000 : 4000) }
    /// nil for the usual number.
    package var spreadsAbove: Int?
    /// UDP ports for RTP and RTCP. RTP takes even ones, its RTCP the odd one above.
    package var ports: ClosedRange<UInt16> = 16384...32767
    /// Differentiated services code point of all packets, 0 to 63; 46 is EF (RFC 3246).
    package var dscp: UInt8 = 46
    /// Above so many unicast streams `open` fails with ``MediaEngineError/full(limit:)``.
    package var maximumStreams = 20_000
    /// Octets of RTP payload that fit a packet: 1500 less IPv6, UDP and RTP headers.
    package var maximumPayload = 1440
    /// CNAME in RTCP (RFC 3550 §6.5.1), such as `intermezzo@192.0.2.10`.
    package var cname = "intermezzo"
    /// What the identifiers of multicast groups are drawn from: equal on all nodes of a site, so
    /// that one can go on where another stopped.
    package var siteSeed: UInt64 = 0
    /// SCHED_FIFO priority of the sending threads, 1 to 99; nil leaves them in the ordinary class.
    package var realTimePriority: Int? = 50
    /// Whether to keep the process's memory from being paged out (mlockall).
    package var locksMemory = true
    /// Whether packets to listeners with sockets in common leave by a packet ring, past the kernel's
    /// UDP, its packet filter and its IPsec, where the way is known; needs CAP_NET_RAW.
    package var usesPacketRing = false
    /// Mean time between two RTCP reports of a stream before randomisation (RFC 3550 §6.2).
    package var rtcpInterval: Interval = .seconds(5)
    /// Packets per second towards a destination that has not yet proved that it wants them.
    package var unprovenPacketsPerSecond = 10

    /// Makes identifiers repeatable for tests; nil draws them from the system.
    package var seed: UInt64?

    package init() {}
}
