import Foundation
import Mail
import Primitives
import Spool
import Testing

/// Dates in the reader's language and time zone, as a template of one's own shows them.
@Suite struct LocalTimeTests {
    struct Row: CustomTestStringConvertible {
        var language: String
        var zone: String
        /// Seconds since 1970.
        var time: Int64
        var when: String
        var testDescription: String { "\(language) \(zone) \(time)" }
    }

    // Half an hour before and after clocks change in 2026 in Europe and in New York.
    private static let rows = [
        Row(
            language: "en", zone: "Europe/Berlin", time: 1_795_716_187,
            when: "Thursday, November 26, 2026 at 7:03 PM"),
        Row(
            language: "en-GB", zone: "Europe/London", time: 1_795_716_187,
            when: "Thursday, 26 November 2026 at 18:03"),
        Row(
            language: "de", zone: "Europe/Berlin", time: 1_774_744_200,
            when: "Sonntag, 29. März 2026 um 1:30"),
        Row(
            language: "de", zone: "Europe/Berlin", time: 1_774_747_800,
            when: "Sonntag, 29. März 2026 um 3:30"),
        Row(
            language: "fr", zone: "Europe/Paris", time: 1_792_888_200,
            when: "dimanche 25 octobre 2026 à 2:30"),
        Row(
            language: "fr", zone: "Europe/Paris", time: 1_792_891_800,
            when: "dimanche 25 octobre 2026 à 2:30"),
        Row(
            language: "es", zone: "America/New_York", time: 1_772_953_200,
            when: "domingo, 8 de marzo de 2026, 3:00"),
        Row(
            language: "it", zone: "Asia/Kathmandu", time: 1_795_716_187,
            when: "giovedì 26 novembre 2026 alle ore 23:48"),
        Row(
            language: "xx", zone: "No/Where", time: 1_795_716_187,
            when: "Thursday, November 26, 2026 at 18:03"),
    ]

    @Test(arguments: rows) func readerSeesTheirOwnTime(_ row: Row) throws {
        let shown = try subject("{{when}}", row)
        #expect(shown == row.when)
    }

    @Test(arguments: [
        ("de", "26.11.2026, 19:03|26. November 2026|19:03"),
        ("fr", "26/11/2026 19:03|26 novembre 2026|19:03"),
        ("en", "11/26/2026, 7:03 PM|November 26, 2026|7:03 PM"),
    ]) func shorterForms(_ language: String, _ expected: String) throws {
        let row = Row(language: language, zone: "Europe/Berlin", time: 1_795_716_187, when: "")
        #expect(try subject("{{shortWhen}}|{{date}}|{{time}}", row) == expected)
    }

    @Test(arguments: [
        (0, "0 s"), (3999, "0 s"), (4000, "1 s"), (480_000, "1 min"),
        (29_000_000, "1 h 25 s"), (29_640_000, "1 h 1 min 45 s"),
    ]) func lengthIsInTheUnitsOfAllLanguages(_ samples: Int, _ expected: String) throws {
        let row = Row(language: "en", zone: "UTC", time: 0, when: "")
        #expect(try subject("{{length}}", row, samples: samples) == expected)
    }

    private func subject(_ template: String, _ row: Row, samples: Int = 8000) throws -> String {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "templates-\(UUID().uuidString)")
        for language in [row.language, "en"] {
            let folder = directory.appending(path: language)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for name in MailTemplates.Name.allCases {
                try Data(template.utf8).write(
                    to: folder.appending(path: "\(name.rawValue).mustache"))
            }
        }
        defer { try? FileManager.default.removeItem(at: directory) }
        var envelope = try Sample.envelope(language: row.language, zone: row.zone)
        envelope.began = WallClockTime(nanoseconds: row.time * 1_000_000_000)
        envelope.samples = samples
        let composer = try Sample.composer { settings in
            settings.templates = (try? MailTemplates(directory: directory.path)) ?? .builtIn
        }
        // The short form's body is the template and nothing else, in quoted-printable.
        let mail = try composer.compose(
            MailContent(envelope: envelope, form: .short, recipients: ["1@example.com"]))
        let text = String(decoding: mail.octets, as: UTF8.self)
        let body = try #require(text.components(separatedBy: "\r\n\r\n").last)
            .replacing("=\r\n", with: "").replacing("\r\n", with: "")
        return try #require(body.replacing("=", with: "%").removingPercentEncoding)
    }
}
