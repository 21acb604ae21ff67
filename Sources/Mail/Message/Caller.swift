internal import Primitives
internal import Spool

/// The caller as a mail shows who that is.
struct Caller {
    let name: String?
    let number: String?

    /// The directory's name goes before the one that the call brought.
    init(_ content: MailContent) {
        // In the short form room is left for the rest.
        let limit = content.form == .short ? 60 : 128
        func line(_ text: String?) -> String? {
            text.map { VisibleText.line($0, limit: limit) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        name = line(content.callerName) ?? line(content.envelope.caller.displayName)
        number = line(content.envelope.caller.number)
    }

    /// The name, or else the number.
    var shown: String? { name ?? number }

    /// The number where a telephone can dial it (RFC 3966).
    var dialable: String? {
        guard let number, number.utf8.count >= 2,
            number.dropFirst(number.hasPrefix("+") ? 1 : 0).utf8
                .allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return number
    }
}
