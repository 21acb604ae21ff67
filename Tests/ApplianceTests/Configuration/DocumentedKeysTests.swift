import Appliance
import Foundation
import Testing

/// What the documents say of keys and commands, held against the sources that read them.
@Suite struct DocumentedKeysTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../..").standardized

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func sources(_ folder: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: root.appending(path: folder).path)
        return try names.filter { $0.hasSuffix(".swift") }.map { try text("\(folder)/\($0)") }
            .joined()
    }

    private static let documents = [
        "README.md", "docs/operation.md", "docs/users.md", "docs/voicemail.md",
        "docs/mail-templates.md",
    ]

    /// Every key that the reader asks for.
    private static func keys() throws -> Set<String> {
        let reads =
            /\.(?:value|list|markedList|section|optionalSection|sections|namedSections|namedValues|secretFile|readableFile|directory)\(\s*"([a-z0-9-]+)"/
        let found = try sources("Sources/Appliance/Configuration").matches(of: reads)
        // It has moved, and is read so that its fault can say where.
        return Set(found.map { String($0.1) }).subtracting(["users"])
    }

    @Test func theFileExplainsEveryKey() throws {
        let keys = try Self.keys()
        #expect(keys.count > 100)
        let file = try Self.text("Config/intermezzo.yaml")
        let written = Set(file.matches(of: /([a-z][a-z0-9-]*):/).map { String($0.1) })
        #expect(keys.subtracting(written) == [])
    }

    @Test(arguments: documents)
    func aDocumentNamesKeysThatAre(_ document: String) throws {
        let keys = try Self.keys()
        let named =
            /`((?:node|anycast|sip|rtp|media|music|multicast|voicemail|mail|directory|admin|log)\.[a-z.-]+)/
        for match in try Self.text(document).matches(of: named)
        where !match.1.hasSuffix(".sqlite") {
            for key in match.1.split(separator: ".") {
                #expect(keys.contains(String(key)), "\(match.1)")
            }
        }
    }

    /// The examples, and no key in them that the reader does not know.
    @Test(arguments: documents)
    func aDocumentsExamplesAreRead(_ document: String) throws {
        for example in try Self.text(document).matches(of: /```yaml\n([^`]+)```/) {
            do {
                _ = try Configuration(text: String(example.1), file: document)
            } catch {
                // Their files and addresses are not on this host.
                #expect(error.faults.allSatisfy { !$0.what.contains("unknown") }, "\(error)")
            }
        }
    }

    @Test func theManualNamesWhatNeedsARestart() throws {
        let added = try Self.text(
            "Sources/Appliance/Configuration/Configuration+Restart.swift"
        ).matches(of: /"([a-z][a-z.-]+)"/).map { String($0.1) }
        let manual = try Self.text("docs/operation.md")
        let paragraph = try #require(
            manual.components(separatedBy: "\n\n").first {
                $0.hasPrefix("A restart is needed for")
            })
        let told = paragraph.matches(of: /`([a-z.-]+)`/).map { String($0.1) }
        #expect(Set(told) == Set(added))
    }

    /// `mail submit` is the daemon's own.
    @Test func theManualNamesEveryCommand() throws {
        let names = try Self.sources("Sources/intermezzo").matches(
            of: /commandName: "([a-z]+)"/
        ).map { String($0.1) }
        #expect(names.count > 20)
        let manual = try Self.text("docs/operation.md")
        let table = try #require(manual.components(separatedBy: "## Signals").first)
        for name in names where name != "intermezzo" && name != "submit" {
            #expect(table.contains(try Regex("[ |\\\\]\(name)\\b")), "\(name)")
        }
    }
}
