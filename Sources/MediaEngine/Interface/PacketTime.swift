/// Milliseconds of audio in a packet.
package enum PacketTime {
    /// Every packet time that is sent.
    package static let all = [10, 20, 30, 40, 60]
}
