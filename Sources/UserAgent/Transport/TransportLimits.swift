package import Primitives

/// What strangers may use up of the transports. May be changed while they run: a connection takes
/// the values that it opened with, everything else the newest.
package struct TransportLimits: Hashable, Sendable {
    /// Connections open at once, in both directions; more are closed as they come.
    package var maximumConnections = 8_192
    /// Of those, how many may come from one address.
    package var maximumConnectionsPerAddress = 512
    /// A connection on which nothing has been received for so long is closed. Longer than the gap
    /// between two refreshes of a session timer (RFC 4028: 900 s by default), so that a phone
    /// behind a NAT can be reached during its call.
    package var idleTime = Interval.seconds(1_200)
    /// A new connection that has not sent a whole message or a keep-alive in this time is closed.
    package var firstMessageTime = Interval.seconds(15)
    /// The time from a message's first octet to its last on a connection.
    package var messageTime = Interval.seconds(10)
    /// The time in which a connection of ours must stand.
    package var connectTime = Interval.seconds(5)
    /// Octets that may wait for a peer that does not read; above it the connection is closed.
    package var writeBuffer = 1 << 20
    /// Messages that may wait for one connection to be made.
    package var maximumWaitingMessages = 1_024
    /// Octets that the kernel keeps for a UDP socket while we are busy.
    package var receiveBuffer = 8 << 20

    package init() {}
}
