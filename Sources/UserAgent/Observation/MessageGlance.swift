import Glibc
import SIP

/// What counters and log lines need of a message that goes out, read off its octets: the core hands
/// over no more than these, and to parse what it has just written would cost as much as that.
struct MessageGlance {
    /// Of a request its method, of a response the one in CSeq.
    private(set) var method = Method("other")
    /// Nil: a request.
    private(set) var status: StatusCode?
    private(set) var callID = ""

    /// - Parameter withCallID: false spares the string.
    init(_ bytes: [UInt8], withCallID: Bool) {
        bytes.withUnsafeBytes { all in
            var rest = all[...]
            let start = MessageGlance.line(&rest)
            let version = "SIP/2.0 "
            if start.starts(with: version.utf8) {
                let digits = start.dropFirst(version.utf8.count).prefix(3)
                status = Int(String(decoding: digits, as: UTF8.self)).flatMap { StatusCode($0) }
            } else {
                method = MessageGlance.known(start.prefix { $0 != UInt8(ascii: " ") })
            }
            var needsMethod = status != nil
            var needsCallID = withCallID
            while needsMethod || needsCallID, !rest.isEmpty {
                let line = MessageGlance.line(&rest)
                if line.isEmpty { return }
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
                let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
                if needsMethod, MessageGlance.matches(line[..<colon], "cseq") {
                    let name = value.split(separator: UInt8(ascii: " ")).last ?? value
                    method = MessageGlance.known(name)
                    needsMethod = false
                } else if needsCallID,
                    MessageGlance.matches(line[..<colon], "call-id")
                        || MessageGlance.matches(line[..<colon], "i")
                {
                    callID = String(decoding: value, as: UTF8.self)
                    needsCallID = false
                }
            }
        }
    }

    /// Takes a line, without its end.
    private static func line(_ rest: inout Slice<UnsafeRawBufferPointer>)
        -> Slice<UnsafeRawBufferPointer>
    {
        let base = UnsafeRawBufferPointer(rebasing: rest)
        guard let start = base.baseAddress,
            let end = memchr(start, 0x0a, base.count).map({ UnsafeRawPointer($0) - start })
        else {
            defer { rest = rest[rest.endIndex...] }
            return rest
        }
        let found = rest[rest.startIndex..<rest.startIndex + end]
        rest = rest[(rest.startIndex + end + 1)...]
        return found.last == 0x0d ? found.dropLast() : found
    }

    private static func matches(_ name: Slice<UnsafeRawBufferPointer>, _ wanted: String) -> Bool {
        // Letters differ from their small forms by one bit; `-` has it set already.
        name.count == wanted.utf8.count
            && zip(name, wanted.utf8).allSatisfy { $0 | 0x20 == $1 }
    }

    private static func known(_ name: some Collection<UInt8>) -> Method {
        MessageGlance.methods.first { $0.name.utf8.elementsEqual(name) } ?? "other"
    }

    /// The methods that counters tell apart, so that a stranger can't make new ones.
    static let methods: [Method] = [
        .invite, .ack, .bye, .options, .cancel, .update, .prack, .register, .info, .subscribe,
        .notify, .publish, .refer, .message,
    ]
}
