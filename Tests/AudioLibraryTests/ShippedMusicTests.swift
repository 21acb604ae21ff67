import Foundation
import Testing

@testable import AudioLibrary

@Suite struct ShippedMusicTests {
    @Test func everyTrackCanBePlayedAndIsCredited() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let media = root.appendingPathComponent("Media").path
        try #require(FileManager.default.fileExists(atPath: media))
        let reports = AudioLibrary.survey(
            AudioLibraryConfiguration(mediaDirectory: media, cacheDirectory: "/nonexistent"))
        #expect(reports.count >= 3)
        let credits = try String(contentsOfFile: "\(media)/default/CREDITS.md", encoding: .utf8)
        for report in reports where report.path.hasPrefix("default/") {
            #expect(report.state == .playing)
            #expect(report.title?.contains(": ") == true)
            #expect(credits.contains(report.path.dropFirst("default/".count)))
        }
    }
}
