internal import Glibc
package import Logging

/// Writes log lines to standard error: for people, or as a JSON object a line.
///
/// Every call logs a few lines on the SIP loop: they are written without Foundation, which took
/// 30 µs for each.
package struct LineLogHandler: LogHandler {
    package enum Style: Sendable {
        case text
        case json
        /// Text with the priority in front as systemd reads it (sd-daemon(3)): `<4>`. What a
        /// journal's own socket takes goes there.
        case journald
    }

    package var metadata: Logger.Metadata = [:]
    private let style: Style
    private let threshold: LogThreshold
    /// Where lines go in place of standard error.
    private let journal: DatagramSender?
    private var ownLevel: Logger.Level?

    package init(style: Style, threshold: LogThreshold, journal: DatagramSender? = nil) {
        self.style = style
        self.threshold = threshold
        self.journal = journal
    }

    /// That of all, unless this logger was given one of its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let more = event.metadata { all.merge(more) { $1 } }
        // `journalctl` shows the message alone: without the fields in it nobody sees which file, and
        // why. Its own line ends stay, such as those of a SIP message.
        if let journal,
            journal.send(
                JournalEntry(
                    level: event.level, message: "\(event.message)" + LineLogHandler.pairs(all),
                    metadata: all
                ).octets)
        {
            return
        }
        var line = LineLogHandler.line(
            style, level: event.level, message: "\(event.message)", metadata: all,
            at: .now)
        line.withUTF8 { octets in
            // One write a line, so that lines of several threads don't mix. A standard error that
            // takes nothing more is no reason to stop the music.
            _ = write(STDERR_FILENO, octets.baseAddress, octets.count)
        }
    }

    /// One line with its line end.
    package static func line(
        _ style: Style, level: Logger.Level, message: String, metadata: Logger.Metadata,
        at time: LogTime
    ) -> String {
        switch style {
        case .text, .journald:
            var line = style == .journald ? "<\(level.syslogPriority)>" : ""
            if style == .text { line += "\(time) \(level.rawValue.uppercased()) " }
            // What strangers send must not make lines of its own.
            line += oneLine(message)
            return line + pairs(metadata) + "\n"
        case .json:
            var object = metadata.mapValues { "\($0)" }
            object["time"] = time.description
            object["level"] = level.rawValue
            object["message"] = message
            var line = "{"
            for (key, value) in object.sorted(by: { $0.key < $1.key }) {
                if line.utf8.count > 1 { line += "," }
                appendJSON(key, to: &line)
                line += ":"
                appendJSON(value, to: &line)
            }
            return line + "}\n"
        }
    }

    /// As a JSON string (RFC 8259 §7).
    /// Each with a blank before it, by name.
    private static func pairs(_ metadata: Logger.Metadata) -> String {
        metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
    }

    private static func appendJSON(_ text: String, to line: inout String) {
        line += "\""
        defer { line += "\"" }
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else {
            line += text
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": line += "\\\""
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where scalar.value < 0x20:
                line += scalar.value < 0x10 ? "\\u000" : "\\u00"
                line += String(scalar.value, radix: 16)
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    private static func oneLine(_ text: String) -> String {
        // C1 controls begin with 0xC2 in UTF-8.
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }) else {
            return text
        }
        var line = ""
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control {
                line += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    private static func quoted(_ text: String) -> String {
        let text = oneLine(text)
        let isPlain = !text.utf8.contains { $0 == 0x20 || $0 == 0x22 || $0 == 0x3D }
        guard text.isEmpty || !isPlain else { return text }
        var quoted = "\""
        for character in text.unicodeScalars {
            if character == "\"" { quoted += "\\" }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "\""
    }
}
