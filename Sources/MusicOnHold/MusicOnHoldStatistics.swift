/// What music on hold has done since it started; counters only grow.
package struct MusicOnHoldStatistics: Sendable {
    /// Calls accepted, by class.
    package var calls: [String: UInt64] = [:]
    /// Offers and calls refused, whatever the reason.
    package var refused: UInt64 = 0
    /// Calls sent on to this node's unicast address.
    package var redirects: UInt64 = 0
    /// Times that a class was named which doesn't exist.
    package var missingClasses: UInt64 = 0
    /// Calls ended because nothing showed that the destination wanted the music.
    package var proofsExpired: UInt64 = 0

    package init() {}
}
