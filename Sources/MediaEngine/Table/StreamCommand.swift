/// What a sending thread is asked to do; taken between ticks.
package enum StreamCommand: Sendable {
    /// `number` names the stream from here on; it is free.
    case open(number: Int, StreamSetup, sequence: UInt16, timestamp: UInt32, start: Int64)
    case update(number: Int, StreamSetup)
    /// ``StreamNotice/closed(number:position:)`` follows.
    case close(number: Int)
    case playlist(classIndex: Int32, PreparedPlaylist, PlaylistChange)
    case removeClass(classIndex: Int32)
    case openMulticast(number: Int, MulticastSetup)
    /// Whether this node sends, or only stands by.
    case activate(number: Int, Bool)
    case closeMulticast(number: Int)
    case paths([PathChange])
}
