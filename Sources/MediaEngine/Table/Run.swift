import Playout

/// A stretch of a programme that lies in memory in one piece, in ticks of programme time.
///
/// Plain values only: what is played is named by its number in the table of players.
struct Run {
    /// -1 is none.
    var player: Int32 = -1
    /// What is played from `switchAt` on; -1 is nothing.
    var next: Int32 = -1
    var switchAt: Int64 = .max
    var start: Int64 = 0
    /// Equal to `start` when nothing was found yet.
    var end: Int64 = 0
    /// Where offset 0 of `base` would be.
    var origin: Int64 = 0
    var base: UnsafeRawPointer?

    mutating func forget() {
        start = 0
        end = 0
    }
}
