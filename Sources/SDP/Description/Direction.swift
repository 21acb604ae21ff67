/// Which way media flows, seen from whoever wrote the description (RFC 8866 §6.7).
package enum Direction: String, CaseIterable, Hashable, Sendable {
    case sendrecv, sendonly, recvonly, inactive

    package init(sends: Bool, receives: Bool) {
        self =
            switch (sends, receives) {
            case (true, true): .sendrecv
            case (true, false): .sendonly
            case (false, true): .recvonly
            case (false, false): .inactive
            }
    }

    package var sends: Bool { self == .sendrecv || self == .sendonly }
    package var receives: Bool { self == .sendrecv || self == .recvonly }

    /// The same flow seen from the other side.
    package var reversed: Direction { Direction(sends: receives, receives: sends) }

    /// What both allow.
    package func intersection(_ other: Direction) -> Direction {
        Direction(sends: sends && other.sends, receives: receives && other.receives)
    }
}
