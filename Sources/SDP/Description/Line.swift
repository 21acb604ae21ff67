/// A line that has no meaning here and is kept as it was.
package struct Line: Hashable, Sendable {
    /// The letter before `=`.
    package var type: UInt8
    package var value: String

    package init(type: Unicode.Scalar, value: String) {
        self.type = UInt8(truncatingIfNeeded: type.value)
        self.value = value
    }

    init(type: UInt8, value: String) {
        self.type = type
        self.value = value
    }
}
