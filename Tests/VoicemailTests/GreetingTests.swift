import Foundation
import Spool
import Testing
import Voicemail

@Suite struct GreetingTests {
    @Test func aNumberIsSpokenDigitByDigit() {
        #expect(
            Greeting.items(reason: .noAnswer, extensionNumber: "201", isOwn: false) == [
                .phrase(.extensionUnavailable), .phrase(.digit2), .phrase(.digit0),
                .phrase(.digit1), .phrase(.afterTheTone),
            ])
    }

    @Test func aNameIsNotSpelled() {
        #expect(
            Greeting.items(reason: .busy, extensionNumber: nil, isOwn: false)
                == [.phrase(.busy), .phrase(.afterTheTone)])
    }

    @Test func theUsersOwnWordsStandAlone() {
        #expect(
            Greeting.items(reason: .busy, extensionNumber: "201", isOwn: true) == [.greeting])
    }

    @Test func filesOfALanguageAndAUser() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        func touch(_ path: String) throws {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: file)
        }
        for path in ["p/en/busy.opus", "p/de/busy.wav", "p/en/sent.opus", "g/alice.wav"] {
            try touch(path)
        }
        let files = PromptFiles(
            prompts: root.appending(path: "p").path(), greetings: root.appending(path: "g").path())
        #expect(files.file(of: .busy, in: "de-AT")?.hasSuffix("/p/de/busy.wav") == true)
        #expect(files.file(of: .sent, in: "de")?.hasSuffix("/p/en/sent.opus") == true)
        #expect(files.file(of: .menu, in: "../g") == nil)
        #expect(
            files.greeting(of: "alice", variants: ["temporary", "busy"])?.hasSuffix("/alice.wav")
                == true)
        try touch("g/alice-busy.flac")
        #expect(
            files.greeting(of: "alice", variants: ["temporary", "busy"])?
                .hasSuffix("/alice-busy.flac") == true)
        for user in ["", "..", "../g/alice", "a\u{0}", ".alice"] {
            #expect(files.greeting(of: user, variants: []) == nil)
        }
    }
}
