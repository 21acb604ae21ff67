/// What is wrong with the outline of a message whose start line could be read.
package enum StructuralFault: Sendable {
    /// White space in the start line that doesn't belong there.
    case startLine
    /// NUL, a CR without LF, or another control octet.
    case controlCharacter
    /// A line that isn't empty and has no field name.
    case lineWithoutName
    /// The octets end within a line.
    case cutOff
    /// Content-Length is no number, or two of them differ.
    case contentLength
    /// Fewer octets came than Content-Length says.
    case shortBody

    /// Fit for a reason phrase.
    package var phrase: String {
        switch self {
        case .startLine: "Malformed Request-Line"
        case .controlCharacter: "Control Character in Header"
        case .lineWithoutName: "Header Line Without Name"
        case .cutOff: "Message Cut Off"
        case .contentLength: "Malformed Content-Length"
        case .shortBody: "Body Shorter Than Content-Length"
        }
    }
}
