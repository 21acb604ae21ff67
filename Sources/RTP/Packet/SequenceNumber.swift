/// An RTP sequence number: sixteen bits that wrap (RFC 3550 §5.1).
package struct SequenceNumber: Hashable, Sendable {
    package var value: UInt16

    @inlinable
    package init(_ value: UInt16) { self.value = value }

    /// The number `steps` on, or back.
    @inlinable
    package func advanced(by steps: Int) -> SequenceNumber {
        SequenceNumber(value &+ UInt16(truncatingIfNeeded: steps))
    }

    /// Steps from here to `other` by the shorter way round: -32768 to 32767.
    @inlinable
    package func distance(to other: SequenceNumber) -> Int {
        Int(Int16(bitPattern: other.value &- value))
    }
}
