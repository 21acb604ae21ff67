/// Why octets are no SIP message. There is nobody to answer: a datagram is dropped, a connection
/// closed.
package enum MessageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing but line ends.
    case empty
    /// Neither a request line nor a status line.
    case notSIP
    /// The status line breaks the grammar, or its code is outside 100...699.
    case badStatusLine
    case tooLong
    case tooManyFields
    case fieldTooLong

    package var description: String {
        switch self {
        case .empty: "empty"
        case .notSIP: "neither a request line nor a status line"
        case .badStatusLine: "malformed status line"
        case .tooLong: "message too long"
        case .tooManyFields: "too many header fields"
        case .fieldTooLong: "header field too long"
        }
    }
}
