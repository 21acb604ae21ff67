/// What ``InteractiveMedia`` needs to know before it starts.
package struct InteractiveMediaConfiguration: Sendable, Equatable {
    /// UDP ports: even ones for RTP, the odd one above for RTCP. They may be the media engine's
    /// too: each takes what is free.
    package var ports: ClosedRange<UInt16> = 16384...32767
    /// Differentiated services code point, 0 to 63.
    package var dscp: UInt8 = 46
    package var maximumSessions = 1000
    package var cname = "intermezzo"
    /// Sound that waits for the disk, in octets; beyond it recordings end.
    package var maximumUnwritten = 64 << 20
    /// Decoded prompts that are kept in memory, in octets.
    package var promptCache = 64 << 20

    package init() {}
}
