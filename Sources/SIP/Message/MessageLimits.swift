/// How much of anything a message may have; what goes beyond is refused before it is looked at.
package struct MessageLimits: Hashable, Sendable {
    /// Octets of a message, start line to the end of its body; a UDP datagram can't hold more.
    package var messageLength = 65_535
    /// Octets from the start line to the empty line.
    package var headLength = 65_535
    /// Octets of a body.
    package var bodyLength = 65_535
    /// Header field lines.
    package var fieldCount = 256
    /// Octets of one header field, folds included.
    package var fieldLength = 16_384
    /// Octets of the Request-URI: beyond, 414.
    package var requestURILength = 8_192
    /// Values of one comma list that are read: Via, Route, Contact and the like.
    package var listLength = 128

    package init() {}

    @inlinable package static var `default`: MessageLimits { MessageLimits() }
}
