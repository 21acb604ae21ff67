/// Cuts the octets of one connection into SIP messages (RFC 3261 §18.3, RFC 5626 §4.4.1).
///
/// Feed what was read with `append`, then call `next` until it says `needMore`. After `broken`
/// nothing more comes: close the connection.
package struct StreamFramer: Sendable {
    package enum Event: Equatable, Sendable {
        /// One whole message: parse it.
        case message([UInt8])
        /// A keep-alive of two line ends: answer with one CRLF.
        case ping
        /// Read more first.
        case needMore
        /// The frame can't be followed any more.
        case broken(Fault)
    }

    package enum Fault: Error, Equatable, Sendable, CustomStringConvertible {
        case headTooLong, bodyTooLong, badContentLength, notSIP, onlyLineEnds

        package var description: String {
            switch self {
            case .headTooLong: "header longer than the limit"
            case .bodyTooLong: "body longer than the limit"
            case .badContentLength: "Content-Length is no number, or two differ"
            case .notSIP: "no SIP start line"
            case .onlyLineEnds: "too many line ends between messages"
            }
        }
    }

    private let limits: MessageLimits
    private var buffer: [UInt8] = []
    /// Octets of `buffer` that are done with.
    private var consumed = 0
    /// Up to where the head has been searched for its empty line.
    private var searched = 0
    /// Line ends seen since the last message, pings included.
    private var lineEnds = 0
    /// CRLF that isn't half of a ping yet.
    private var hasOpenLineEnd = false
    private var fault: Fault?

    package init(limits: MessageLimits = .default) { self.limits = limits }

    /// Octets that wait for the rest of their message.
    package var pending: Int { buffer.count - consumed }

    package mutating func append(_ octets: some Collection<UInt8>) {
        guard fault == nil else { return }
        if consumed > 0, consumed == buffer.count || consumed > 16_384 {
            buffer.removeFirst(consumed)
            searched -= consumed
            consumed = 0
        }
        buffer += octets
    }

    package mutating func next() -> Event {
        if let fault { return .broken(fault) }
        if let event = skipLineEnds() { return event }
        do {
            return try frame()
        } catch {
            fault = error
            buffer = []
            consumed = 0
            return .broken(error)
        }
    }

    /// Takes line ends in front of a start line; nil when one begins.
    private mutating func skipLineEnds() -> Event? {
        while consumed < buffer.count {
            let length: Int
            switch buffer[consumed] {
            case 0x0d:
                guard consumed + 1 < buffer.count else { return .needMore }
                length = buffer[consumed + 1] == 0x0a ? 2 : 1
            case 0x0a: length = 1
            default:
                hasOpenLineEnd = false
                lineEnds = 0
                searched = max(searched, consumed)
                return nil
            }
            consumed += length
            lineEnds += 1
            guard length == 2 else {
                hasOpenLineEnd = false
                continue
            }
            if hasOpenLineEnd {
                hasOpenLineEnd = false
                return .ping
            }
            hasOpenLineEnd = true
            if lineEnds > limits.leadingLineEnds, consumed == buffer.count { lineEnds = 0 }
        }
        return .needMore
    }

    private mutating func frame() throws(Fault) -> Event {
        guard let head = try headEnd() else { return .needMore }
        let length = try contentLength(head)
        guard length <= limits.bodyLength, head - consumed + length <= limits.messageLength else {
            throw .bodyTooLong
        }
        guard buffer.count - head >= length else { return .needMore }
        let message = Array(buffer[consumed..<head + length])
        consumed = head + length
        searched = consumed
        return .message(message)
    }

    /// The index after the empty line.
    private mutating func headEnd() throws(Fault) -> Int? {
        var at = max(searched, consumed)
        while at < buffer.count {
            if buffer[at] == 0x0a {
                // LF LF or LF CR LF.
                if at + 1 < buffer.count, buffer[at + 1] == 0x0a {
                    return try checkedHead(at + 2)
                }
                if at + 2 < buffer.count, buffer[at + 1] == 0x0d, buffer[at + 2] == 0x0a {
                    return try checkedHead(at + 3)
                }
                // The rest of the empty line may be in the next read.
                if at + 2 >= buffer.count { break }
            }
            at += 1
        }
        searched = at
        guard buffer.count - consumed <= limits.headLength else { throw .headTooLong }
        return nil
    }

    private func checkedHead(_ end: Int) throws(Fault) -> Int {
        guard end - consumed <= limits.headLength else { throw .headTooLong }
        return end
    }

    /// None counts as 0 (RFC 3261 §20.14 wants one on a stream; G14: whoever forgets it has no body).
    private func contentLength(_ head: Int) throws(Fault) -> Int {
        let outline: MessageOutline
        do {
            outline = try MessageOutline(of: Array(buffer[consumed..<head]), limits: limits)
        } catch {
            throw .notSIP
        }
        switch MessageOutline.contentLength(outline.fields, Array(buffer[consumed..<head])) {
        case .absent: return 0
        case .invalid: throw .badContentLength
        case .length(let length): return Int(clamping: length)
        }
    }
}
