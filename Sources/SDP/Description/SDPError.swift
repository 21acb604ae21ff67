/// Why a body isn't a session description that can be read (RFC 8866 §9).
package enum SDPError: Error, Hashable, Sendable {
    /// No `v=0` in the first line, or another version.
    case version
    /// More octets than the limit.
    case tooLong
    /// More lines, media or formats than the limits.
    case tooMany
    /// Line `line` (the first is 1, blank ones don't count) isn't `letter=value`, or its value can't be read.
    case malformed(line: Int)

    /// The status that a request with such a body is answered with (RFC 3261 §21.4.1, §21.4.11).
    package var statusCode: Int {
        switch self {
        case .tooLong, .tooMany: 413
        case .version, .malformed: 400
        }
    }
}

extension SDPError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .version: "session description doesn't begin with v=0"
        case .tooLong: "session description too long"
        case .tooMany: "session description has too many lines, media or formats"
        case .malformed(let line): "session description can't be read at line \(line)"
        }
    }
}
