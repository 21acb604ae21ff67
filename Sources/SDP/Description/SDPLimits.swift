/// How much of a session description is read before it is refused.
package struct SDPLimits: Hashable, Sendable {
    /// Octets of the whole body.
    package var octets: Int
    /// Lines of any kind.
    package var lines: Int
    /// `m=` lines; each refused one costs a line in the answer.
    package var media: Int
    /// Formats on one `m=` line; 128 payload types exist.
    package var formats: Int

    package init(octets: Int = 32_768, lines: Int = 512, media: Int = 32, formats: Int = 128) {
        self.octets = octets
        self.lines = lines
        self.media = media
        self.formats = formats
    }

    package static let `default` = SDPLimits()
}
