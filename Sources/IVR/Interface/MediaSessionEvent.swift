/// What a call's media tell.
package enum MediaSessionEvent: Sendable, Equatable {
    /// The items of the last `play` were heard to their end.
    case played
    /// A key was pressed: `0` to `9`, `*`, `#`, `A` to `D`.
    case key(Character)
    /// The recording is closed and synced.
    case recorded(RecordingSummary)
    /// Nothing listens where we send to (ICMP).
    case unreachable
    /// The peer's RTCP said goodbye.
    case saidGoodbye
    /// Packets came from where we send to.
    case proved
}
