/// Names one unicast stream of a ``MediaEngine``; never used again for another.
package struct StreamID: Hashable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(number: UInt64) { self.number = number }

    package var description: String { "stream-\(number)" }
}
