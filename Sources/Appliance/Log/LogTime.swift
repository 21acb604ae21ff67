internal import Foundation

/// Wall-clock time as log lines have it, UTC: `2026-11-25T07:49:33.948Z` (RFC 3339).
package struct LogTime: Sendable, CustomStringConvertible {
    private let seconds: Int
    private let milliseconds: Int

    /// Since the beginning of 1970.
    package init(seconds: Int, milliseconds: Int) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }

    static var now: LogTime {
        let milliseconds = Int(Date().timeIntervalSince1970 * 1000)
        return LogTime(seconds: milliseconds / 1000, milliseconds: milliseconds % 1000)
    }

    package var description: String {
        var time = seconds
        var parts = tm()
        gmtime_r(&time, &parts)
        func padded(_ value: some BinaryInteger, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let year = 1900 + Int(parts.tm_year)
        let day = "\(year)-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let minute = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2))"
        return "\(day)T\(minute):\(padded(parts.tm_sec, 2)).\(padded(milliseconds, 3))Z"
    }
}
