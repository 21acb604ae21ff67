import Foundation
import Testing
import Voicemail

@Suite struct PromptsTests {
    private static let media = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Media/prompts")

    @Test(arguments: ["de", "en", "es", "fr", "it"])
    func everyPhraseIsSpoken(in language: String) throws {
        for phrase in Phrase.allCases {
            let file = Self.media.appending(path: "\(language)/\(phrase.rawValue).opus")
            #expect(
                FileManager.default.isReadableFile(atPath: file.path()), "\(file.path()) is missing"
            )
        }
    }
}
