internal import Foundation
import Glibc
internal import Primitives

/// Dates as the reader writes them, in the reader's time zone.
struct LocalTime {
    private let locale: Locale
    private let zone: TimeZone

    /// An unknown zone is UTC, an unknown language is written as English.
    init(language: String, timeZone: String) {
        locale = Locale(identifier: language.replacing("-", with: "_"))
        zone = TimeZone(identifier: timeZone) ?? .gmt
    }

    /// `Donnerstag, 26. November 2026 um 19:03`
    func whole(_ time: WallClockTime) -> String { format(time, .complete, .shortened) }
    /// `26.11.2026, 19:03`
    func short(_ time: WallClockTime) -> String { format(time, .numeric, .shortened) }
    /// `26. November 2026`
    func date(_ time: WallClockTime) -> String { format(time, .long, .omitted) }
    /// `19:03`
    func time(_ time: WallClockTime) -> String { format(time, .omitted, .shortened) }

    private func format(
        _ time: WallClockTime, _ date: Date.FormatStyle.DateStyle,
        _ clock: Date.FormatStyle.TimeStyle
    ) -> String {
        var style = Date.FormatStyle(date: date, time: clock, locale: locale)
        style.timeZone = zone
        // With the narrow spaces that some languages have there, a Subject could not be ASCII.
        return VisibleText.line(style.format(LocalTime.date(of: time)))
    }

    /// RFC 5322 §3.3, such as `Thu, 26 Nov 2026 19:03:07 +0100`.
    func header(_ time: WallClockTime) -> String {
        let (parts, offset) = parts(time)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let minutes = abs(offset) / 60
        let zone = "\(offset < 0 ? "-" : "+")\(two(minutes / 60))\(two(minutes % 60))"
        let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return "\(days[Int(parts.tm_wday)]), \(parts.tm_mday) \(months[Int(parts.tm_mon)]) "
            + "\(1900 + Int(parts.tm_year)) \(clock) \(zone)"
    }

    /// For file names: `2026-11-26-1903`.
    func compact(_ time: WallClockTime) -> String {
        let (parts, _) = parts(time)
        return "\(1900 + Int(parts.tm_year))-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))-"
            + "\(two(parts.tm_hour))\(two(parts.tm_min))"
    }

    /// - Returns: the local date and time, and its seconds before UTC.
    private func parts(_ time: WallClockTime) -> (tm, offset: Int) {
        let offset = zone.secondsFromGMT(for: LocalTime.date(of: time))
        var seconds = Int(time.nanoseconds / 1_000_000_000) + offset
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return (parts, offset)
    }

    private func two(_ value: some BinaryInteger) -> String {
        (value < 10 ? "0" : "") + String(value)
    }

    private static func date(of time: WallClockTime) -> Date {
        Date(timeIntervalSince1970: Double(time.nanoseconds) / 1e9)
    }
}
