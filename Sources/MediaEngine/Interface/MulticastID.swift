/// Names one multicast sender of a ``MediaEngine``.
package struct MulticastID: Hashable, Sendable {
    package let number: UInt64

    package init(number: UInt64) { self.number = number }
}
