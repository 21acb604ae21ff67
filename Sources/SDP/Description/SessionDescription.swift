/// A session description (RFC 8866) as SIP carries it.
///
/// Reading is lenient where phones are sloppy: line ends may be bare LF or CR, blank lines are
/// passed over, `o=`, `s=` and `t=` may be missing, lines may come out of order. Text that isn't
/// UTF-8 is repaired. Lines of no meaning here are kept.
package struct SessionDescription: Hashable, Sendable {
    package var origin: Origin
    package var name: String
    package var connection: Connection?
    /// Lines without a meaning here (`i u e p b t r z k` and unknown ones), in their order.
    package var otherLines: [Line]
    package var attributes: [Attribute]
    package var media: [MediaDescription]

    package init(
        origin: Origin, name: String = "-", connection: Connection? = nil,
        attributes: [Attribute] = [], media: [MediaDescription] = [],
        otherLines: [Line] = [Line(type: "t", value: "0 0")]
    ) {
        self.origin = origin
        self.name = name
        self.connection = connection
        self.attributes = attributes
        self.media = media
        self.otherLines = otherLines
    }

    /// The direction of a stream: its own, else the session's, else both ways (RFC 8866 §6.7).
    package func direction(of media: MediaDescription) -> Direction {
        media.direction ?? Direction(attributes: attributes) ?? .sendrecv
    }

    /// The `c=` of a stream: its own, else the session's (RFC 8866 §5.7).
    package func connection(of media: MediaDescription) -> Connection? {
        media.connection ?? connection
    }
}
