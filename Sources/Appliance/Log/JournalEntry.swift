package import Logging

/// A log line as the journal takes it in a datagram, field by field (systemd's "Native Journal
/// Protocol"), so that `journalctl CALL_ID=…` finds the lines of a call.
package struct JournalEntry: Sendable {
    package private(set) var octets: [UInt8] = []

    package init(level: Logger.Level, message: String, metadata: Logger.Metadata) {
        append("MESSAGE", message)
        append("PRIORITY", "\(level.syslogPriority)")
        append("SYSLOG_IDENTIFIER", "intermezzo")
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            append(JournalEntry.fieldName(key), "\(value)")
        }
    }

    private mutating func append(_ name: String, _ value: String) {
        octets += Array(name.utf8)
        let value = Array(value.utf8)
        if value.contains(0x0A) {
            // With its length, 64 bits with the least octet first.
            octets.append(0x0A)
            for shift in stride(from: 0, to: 64, by: 8) {
                octets.append(UInt8(truncatingIfNeeded: value.count >> shift))
            }
        } else {
            octets.append(UInt8(ascii: "="))
        }
        octets += value
        octets.append(0x0A)
    }

    /// A name of 64 capital letters, digits and `_` at most, a letter first: `call-id` is `CALL_ID`.
    private static func fieldName(_ key: String) -> String {
        let name = String(
            decoding: key.utf8.prefix(62).map { octet -> UInt8 in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"): octet - 0x20
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    octet
                default: UInt8(ascii: "_")
                }
            }, as: UTF8.self)
        let isOurs = ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER"].contains(name)
        return isOurs || !(name.first?.isLetter ?? false) ? "X_" + name : name
    }
}

extension Logger.Level {
    /// syslog's numbers (RFC 5424 §6.2.1).
    var syslogPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
