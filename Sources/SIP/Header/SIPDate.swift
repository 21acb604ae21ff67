/// A moment as the Date header field writes it, always in GMT (RFC 3261 §20.17).
package struct SIPDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    package static func < (a: SIPDate, b: SIPDate) -> Bool { a.seconds < b.seconds }

    /// `Sat, 13 Nov 2010 23:29:00 GMT`.
    package var description: String {
        let (days, time) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let day = time < 0 ? days - 1 : days
        let second = time < 0 ? time + 86_400 : time
        let (year, month, dayOfMonth) = SIPDate.civil(day)
        func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let weekday = SIPDate.weekdays[Int(((day % 7) + 11) % 7)]
        return "\(weekday), \(two(dayOfMonth)) \(SIPDate.months[Int(month - 1)]) \(year) "
            + "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension SIPDate {
    /// - Returns: nil for another form or zone, and for a day or time that there isn't. The weekday's
    ///   name is not compared with the date.
    package init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT",
            SIPDate.weekdays.contains(String(parts[0].dropLast())),
            let day = Int64(parts[1]), parts[1].utf8.allSatisfy(\.isDigit), (1...31).contains(day),
            let month = SIPDate.months.firstIndex(of: String(parts[2])),
            parts[3].utf8.count == 4, let year = Int64(parts[3]), year >= 1900
        else { return nil }
        let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3,
            clock.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(\.isDigit) }),
            let hour = Int64(clock[0]), let minute = Int64(clock[1]), let second = Int64(clock[2]),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = SIPDate.days(year, Int64(month) + 1, day)
        // 31 February would come out as a day of March.
        guard SIPDate.civil(days) == (year, Int64(month) + 1, day) else { return nil }
        seconds = days * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// Days since 1970-01-01 in the Gregorian calendar, the year taken to begin in March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    /// Year, month and day of the inverse.
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shifted + 2) / 5 + 1
        )
    }
}
