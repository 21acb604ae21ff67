/// What a sending thread reports; handed on by another thread.
package enum StreamNotice: Sendable {
    /// Nothing of the stream is used any more; `position` is programme time in ticks.
    case closed(number: Int, position: Int64)
    case multicastClosed(number: Int)
    /// The kernel refused a packet twice.
    case refused(number: Int, errno: Int32)
    /// No thread-local state refers to it any more. Carried here so that its memory is let go by
    /// a thread that may wait.
    case released(PreparedPlaylist)
}
