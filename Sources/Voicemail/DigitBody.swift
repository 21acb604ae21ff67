package import SIP

/// A key in an INFO: `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`), as phones
/// have sent them since before RFC 6086.
package enum DigitBody {
    /// - Returns: nil when the request tells no key.
    package static func key(in request: Request) -> Character? {
        let type = (try? request.headers.contentType)?.value.lowercased()
        let text = String(decoding: request.body, as: UTF8.self)
        switch type {
        case "application/dtmf-relay":
            for line in text.split(whereSeparator: \.isNewline) {
                let parts = line.split(separator: "=", maxSplits: 1)
                guard parts.count == 2,
                    trimmed(parts[0]).lowercased() == "signal"
                else { continue }
                return key(trimmed(parts[1]))
            }
            return nil
        case "application/dtmf":
            return key(trimmed(text[...]))
        default:
            return nil
        }
    }

    private static func key(_ text: Substring) -> Character? {
        switch text {
        case "10": "*"
        case "11": "#"
        default:
            text.count == 1
                ? text.uppercased().first.flatMap { "0123456789*#ABCD".contains($0) ? $0 : nil }
                : nil
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return start[...last]
    }
}
