package import Foundation
package import Logging

/// Writes log lines to standard error: for people, or as a JSON object a line.
package struct LineLogHandler: LogHandler {
    package enum Style: Sendable {
        case text
        case json
        /// Text with the priority in front as systemd reads it (sd-daemon(3)): `<4>`.
        case journald
    }

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let style: Style

    package init(label: String, style: Style, level: Logger.Level) {
        self.label = label
        self.style = style
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let more = event.metadata { all.merge(more) { $1 } }
        let line = LineLogHandler.line(
            style, level: event.level, message: "\(event.message)", metadata: all, at: Date())
        FileHandle.standardError.write(Data(line.utf8))
    }

    /// One line with its line end.
    package static func line(
        _ style: Style, level: Logger.Level, message: String, metadata: Logger.Metadata,
        at date: Date
    ) -> String {
        let pairs = metadata.sorted { $0.key < $1.key }
        switch style {
        case .text, .journald:
            let tail = pairs.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
            // What strangers send must not make lines of its own.
            let text = oneLine(message) + tail
            if style == .journald { return "<\(priority(level))>\(text)\n" }
            return "\(stamp(date)) \(level.rawValue.uppercased()) \(text)\n"
        case .json:
            var object: [String: String] = [:]
            for (key, value) in pairs { object[key] = "\(value)" }
            object["time"] = stamp(date)
            object["level"] = level.rawValue
            object["message"] = message
            let data = try? JSONSerialization.data(
                withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
            return String(decoding: data ?? Data(), as: UTF8.self) + "\n"
        }
    }

    private static func stamp(_ date: Date) -> String {
        date.formatted(.iso8601.time(includingFractionalSeconds: true))
    }

    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return text }
        return text.unicodeScalars.map {
            $0.properties.generalCategory == .control
                ? "\\u{\(String($0.value, radix: 16))}" : String($0)
        }.joined()
    }

    private static func quoted(_ text: String) -> String {
        let text = oneLine(text)
        guard text.isEmpty || text.contains(where: { " \"=".contains($0) }) else { return text }
        return "\"\(text.replacingOccurrences(of: "\"", with: "\\\""))\""
    }

    /// syslog's numbers.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
