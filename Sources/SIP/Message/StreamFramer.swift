/// Cuts the octets of one connection into SIP messages (RFC 3261 §18.3, RFC 5626 §4.4.1).
///
/// Feed what was read with `append`, then call `next` until it says `needMore`. After `broken` nothing
/// more comes: close the connection. It holds at most one message and what was read behind it; how
/// long a message may take, and how many pings a peer may send, is for the owner to limit.
package struct StreamFramer: Sendable {
    package enum Event: Equatable, Sendable {
        /// One whole message, for `Message(parsing:)`, which may still find it wanting.
        case message([UInt8])
        /// Two line ends between messages, the peer's keep-alive: answer with one CRLF. Where we are
        /// the one that sends pings, it's two pongs, and nothing is to be done.
        case ping
        /// Read more first.
        case needMore
        /// The frame can't be followed any more.
        case broken(Fault)
    }

    package enum Fault: Error, Equatable, Sendable, CustomStringConvertible {
        case headTooLong, bodyTooLong, badContentLength, notSIP

        package var description: String {
            switch self {
            case .headTooLong: "header longer than the limit"
            case .bodyTooLong: "body longer than the limit"
            case .badContentLength: "Content-Length is no number, or two differ"
            case .notSIP: "no SIP message"
            }
        }
    }

    private let limits: MessageLimits
    private var buffer: [UInt8] = []
    /// Octets of `buffer` that are done with.
    private var consumed = 0
    private var state = State.betweenMessages(hasLineEnd: false)

    private enum State: Equatable, Sendable {
        /// `hasLineEnd`: a CRLF that isn't yet half of a ping.
        case betweenMessages(hasLineEnd: Bool)
        /// No empty line up to `searched`.
        case inHead(searched: Int)
        /// The message is whole when there are octets up to `end`.
        case inBody(end: Int)
        case broken(Fault)
    }

    package init(limits: MessageLimits = .default) { self.limits = limits }

    /// Octets that wait for the rest of their message.
    package var pending: Int { buffer.count - consumed }

    package mutating func append(_ octets: some Collection<UInt8>) {
        if case .broken = state { return }
        buffer += octets
    }

    package mutating func next() -> Event {
        while true {
            let step: Event?
            do {
                switch state {
                case .betweenMessages(let hasLineEnd): step = try skipLineEnds(hasLineEnd)
                case .inHead(let searched): step = try findHead(searched)
                case .inBody(let end): step = cutMessage(end)
                case .broken(let fault): return .broken(fault)
                }
            } catch {
                state = .broken(error)
                buffer = []
                consumed = 0
                return .broken(error)
            }
            if let step {
                if step == .needMore { discardConsumed() }
                return step
            }
        }
    }

    /// Takes line ends in front of a start line (RFC 3261 §7.5).
    private mutating func skipLineEnds(_ hadLineEnd: Bool) throws(Fault) -> Event? {
        var hasLineEnd = hadLineEnd
        while consumed < buffer.count {
            switch buffer[consumed] {
            case 0x0d:
                guard consumed + 1 < buffer.count else {
                    state = .betweenMessages(hasLineEnd: hasLineEnd)
                    return .needMore
                }
                guard buffer[consumed + 1] == 0x0a else { throw .notSIP }
                consumed += 2
                if hasLineEnd {
                    state = .betweenMessages(hasLineEnd: false)
                    return .ping
                }
                hasLineEnd = true
            case 0x0a: consumed += 1
            case let octet:
                guard octet.isToken else { throw .notSIP }
                state = .inHead(searched: consumed)
                return nil
            }
        }
        state = .betweenMessages(hasLineEnd: hasLineEnd)
        return .needMore
    }

    /// Looks for the empty line, by the same rules as the parser.
    private mutating func findHead(_ searched: Int) throws(Fault) -> Event? {
        var at = searched
        while true {
            at = OutlineScanner.nextControl(buffer.span, from: at)
            guard at < buffer.count else { break }
            guard buffer[at] == 0x0a else {
                at += 1
                continue
            }
            guard at + 1 < buffer.count else { break }
            var end: Int?
            if buffer[at + 1] == 0x0a {
                end = at + 2
            } else if buffer[at + 1] == 0x0d {
                guard at + 2 < buffer.count else { break }
                if buffer[at + 2] == 0x0a { end = at + 3 }
            }
            if let end {
                guard end - consumed <= limits.headLength else { throw .headTooLong }
                state = .inBody(end: try messageEnd(head: end))
                return nil
            }
            at += 1
        }
        guard buffer.count - consumed <= limits.headLength else { throw .headTooLong }
        state = .inHead(searched: at)
        return .needMore
    }

    /// No Content-Length counts as 0: RFC 3261 §18.3 wants one on a stream, and who forgets it has no
    /// body; waiting for the end of the connection would leave the request without an answer.
    private func messageEnd(head: Int) throws(Fault) -> Int {
        let octets = Array(buffer[consumed..<head])
        let outline: MessageOutline
        do {
            outline = try MessageOutline(of: octets, limits: limits)
        } catch {
            throw .notSIP
        }
        switch MessageOutline.contentLength(outline.fields, octets) {
        case .absent: return head
        case .invalid: throw .badContentLength
        case .length(let length):
            guard length <= UInt64(limits.bodyLength),
                octets.count + Int(length) <= limits.messageLength
            else { throw .bodyTooLong }
            return head + Int(length)
        }
    }

    private mutating func cutMessage(_ end: Int) -> Event {
        guard buffer.count >= end else { return .needMore }
        let message = Array(buffer[consumed..<end])
        consumed = end
        state = .betweenMessages(hasLineEnd: false)
        return .message(message)
    }

    private mutating func discardConsumed() {
        guard consumed > 0 else { return }
        buffer.removeFirst(consumed)
        switch state {
        case .inHead(let searched): state = .inHead(searched: searched - consumed)
        case .inBody(let end): state = .inBody(end: end - consumed)
        case .betweenMessages, .broken: break
        }
        consumed = 0
    }
}
