package import Primitives

/// The timers of RFC 3261 table 4, of RFC 6026 and RFC 4320; all follow from T1, T2 and T4.
package struct SIPTimers: Hashable, Sendable {
    /// The round-trip time to expect: first gap between retransmissions.
    package var t1: Interval
    /// The longest gap between retransmissions of a non-INVITE request or an INVITE response.
    package var t2: Interval
    /// The longest time that a message stays in the network.
    package var t4: Interval
    /// How long the transaction user may be silent on an INVITE before 100 is sent for it
    /// (RFC 3261 §17.2.1).
    package var trying: Interval = .milliseconds(200)

    package init(
        t1: Interval = .milliseconds(500), t2: Interval = .seconds(4), t4: Interval = .seconds(5)
    ) {
        self.t1 = t1
        self.t2 = t2
        self.t4 = t4
    }

    /// How long any transaction waits for its peer: 64*T1, the timers B, F, H, L and M.
    package var patience: Interval { t1 * 64 }

    /// How long an INVITE client answers repeated final responses with ACK: as long as the
    /// server's timer H may repeat them.
    package func d(reliable: Bool) -> Interval { reliable ? .zero : t1 * 64 }

    /// How long an INVITE server absorbs repeated ACKs.
    package func i(reliable: Bool) -> Interval { reliable ? .zero : t4 }

    /// How long a non-INVITE server answers repeated requests.
    package func j(reliable: Bool) -> Interval { reliable ? .zero : t1 * 64 }

    /// How long a non-INVITE client absorbs repeated responses.
    package func k(reliable: Bool) -> Interval { reliable ? .zero : t4 }

    /// The gap after one of `gap`, where it doubles up to T2: timers E and G.
    package func doubled(_ gap: Interval) -> Interval { min(gap * 2, t2) }

    /// When a non-INVITE server says 100, if it has not answered by then: the time that a client's
    /// timer E takes to reach T2 (RFC 4320 §4.1). 3.5 s with the default values.
    package var nonInviteTrying: Interval {
        // The client waits T1, then twice as long each time, and at the last of these firings sets
        // the timer to T2.
        var gap = t1
        var sum = t1
        while gap > .zero && gap < t2 {
            gap = doubled(gap)
            if gap < t2 { sum = sum + gap }
        }
        return sum
    }
}
