import Directory
import Foundation
import Primitives
import Testing

@Suite struct SQLiteDirectoryTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("users.sqlite")
    }

    private static let full: [UserField: String] = [
        .alias: "a.liddell;*21#", .did: "+1 555 0100;030/1234567",
        .displayName: "Alice \"A\" Liddell",
        .email: "alice@example.com;älice@exämple.com", .language: "de-AT",
        .timeZone: "Europe/Vienna", .music: "jazz", .voicemail: "off", .greeting: "temporary",
        .format: "opus", .attachment: "both", .maximumLength: "90s",
        .mailboxServer: "sip:vm@192.0.2.9", .shortEmail: "15550100@pager.example.net",
        .webhook: "https://example.com/hook?user=alice", .missedCallMail: "on",
        .password: "secret",
    ]

    private func open() throws -> SQLiteDirectory { try SQLiteDirectory(path: path) }

    @discardableResult
    private func merge(
        _ edits: [(String, [UserField: String])], _ mode: MergeMode = .add,
        into directory: SQLiteDirectory
    ) throws -> MergeCounts {
        let edits = edits.enumerated().map { index, edit in
            UserEdit(name: edit.0, values: edit.1, line: index + 2)
        }
        return try directory.merge(edits, mode, domain: "example.com")
    }

    private func find(_ text: String, in directory: SQLiteDirectory) async throws -> User? {
        try await directory.user(try #require(UserKey(text)))
    }

    /// The lines and the beginning of each fault.
    private func faults(
        _ edits: [(String, [UserField: String])], _ mode: MergeMode = .add,
        into directory: SQLiteDirectory
    ) throws -> [String] {
        do {
            try merge(edits, mode, into: directory)
            return []
        } catch MergeError.refused(let faults) {
            return faults.map { "\($0.line ?? 0): \($0.fault.what)" }
        }
    }

    @Test func keepsEveryField() async throws {
        let directory = try open()
        try merge([("alice", Self.full), ("bob", [:])], into: directory)
        let again = try open()
        let alice = try #require(try await find("ALICE", in: again))
        for (field, text) in Self.full where field != .password {
            #expect(alice.text(field) == text)
        }
        #expect(alice.voicemail.maximumLength == .seconds(90))
        let bob = try #require(try await find("bob", in: again))
        #expect(bob == User(name: "bob"))
        #expect(try again.all() == [alice, bob])
    }

    /// The hashes as `printf alice:example.com:secret | md5sum` and `sha256sum` tell them.
    @Test func keepsHashesAndNoPassword() throws {
        let directory = try open()
        try merge([("alice", [.password: "secret"])], into: directory)
        let credentials = try #require(try directory.all().first?.credentials)
        #expect(credentials.realm == "example.com")
        #expect(credentials.md5 == "b1726872c344b6dc8365b774f8fd6412")
        #expect(
            credentials.sha256 == "ed8925b20f9a77b8f8f8d5f8e4467fe32b866f7208ab9e4b20595e9821a0fdee"
        )
        for name in ["users.sqlite", "users.sqlite-wal"] {
            let octets = try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
            #expect(octets.range(of: Data("secret".utf8)) == nil)
        }
    }

    @Test(arguments: [
        "alice", "a.liddell", "*21#", "+15550100", "15550100", "0015550100", "0301234567",
    ])
    func findsByNameAliasAndNumber(_ text: String) async throws {
        let directory = try open()
        try merge([("alice", Self.full), ("bob", [.did: "+15550101"])], into: directory)
        #expect(try await find(text, in: directory)?.name == "alice")
    }

    @Test func theFileIsItsOwnersAlone() throws {
        let directory = try open()
        try merge([("alice", [:])], into: directory)
        for name in ["users.sqlite", "users.sqlite-wal", "users.sqlite-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.file(name))
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test func namesNobodyTwice() throws {
        let directory = try open()
        try merge([("alice", [.alias: "al", .did: "+15550100"]), ("201", [:])], into: directory)
        #expect(
            try faults([("Alice", [:])], into: directory) == ["2: user 'alice' is there already"])
        #expect(try faults([("AL", [:])], into: directory) == ["2: 'AL' belongs to user 'alice'"])
        #expect(
            try faults([("bob", [.did: "0015550100"])], into: directory)
                == ["2: '0015550100' is a name or number of user 'alice'"])
        #expect(
            try faults([("bob", [.did: "201"])], into: directory)
                == ["2: '201' is a name or number of user '201'"])
        #expect(
            try faults([("bob", [:]), ("carol", [.alias: "bob"]), ("BOB", [:])], into: directory)
                == [
                    "3: 'bob' is a name or number of user 'bob'",
                    "4: user 'BOB' stands in line 2 already",
                ])
        #expect(try directory.all().map(\.name) == ["201", "alice"])
    }

    @Test func tellsEveryFaultAndChangesNothing() throws {
        let directory = try open()
        let found = try faults(
            [
                ("good", [:]), ("a/b", [.language: "klingonese"]), ("moh-jazz", [:]),
                ("carol", [.email: "nobody", .did: "x", .timeZone: "Mars/Olympus"]),
            ], into: directory)
        #expect(
            found == [
                "3: 'a/b' is no user name", "3: 'klingonese' is no language",
                "4: 'moh-jazz' is an address of the appliance itself",
                "5: 'x' is no telephone number", "5: 'nobody' is no mail address",
                "5: 'Mars/Olympus' is no time zone",
            ])
        #expect(try directory.all().isEmpty)
    }

    @Test func updatesTheGivenFieldsAlone() throws {
        let directory = try open()
        try merge([("alice", Self.full), ("bob", [:])], into: directory)
        let before = try #require(try directory.all().first)
        let counts = try merge(
            [("ALICE", [.music: "", .password: ""]), ("bob", [.music: ""]), ("carol", [:])],
            .update,
            into: directory)
        #expect(counts == MergeCounts(added: 1, changed: 1, unchanged: 1, removed: 0))
        var expected = before
        expected.musicClass = nil
        #expect(try directory.all() == [expected, User(name: "bob"), User(name: "carol")])
        #expect(
            try faults([("dave", [:])], .change, into: directory) == ["2: there is no user 'dave'"])
        #expect(
            try faults([("al", [:]), ("*21#", [:])], .change, into: directory) == [
                "2: there is no user 'al'", "3: '*21#' belongs to user 'alice'",
            ])
    }

    @Test func replacesAllButCredentials() throws {
        let directory = try open()
        try merge(
            [("alice", Self.full), ("bob", [.alias: "bobby"]), ("carol", [:])], into: directory)
        let credentials = try #require(try directory.all().first?.credentials)
        // An alias may become a user, when whose it was goes.
        let counts = try merge(
            [("alice", [.music: "rock"]), ("bobby", [:])], .replace, into: directory)
        #expect(counts == MergeCounts(added: 1, changed: 1, unchanged: 0, removed: 2))
        #expect(
            try directory.all() == [
                User(name: "alice", credentials: credentials, musicClass: "rock"),
                User(name: "bobby"),
            ])
    }

    @Test func numbersChangeHands() async throws {
        let directory = try open()
        try merge([("alice", [.did: "+15550100"]), ("bob", [.did: "+15550101"])], into: directory)
        try merge(
            [("alice", [.did: "+15550101"]), ("bob", [.did: "+15550100"])], .update, into: directory
        )
        #expect(try await find("+15550100", in: directory)?.name == "bob")
        #expect(try await find("+15550101", in: directory)?.name == "alice")
    }

    @Test func removesAUserWithAllNames() async throws {
        let directory = try open()
        try merge([("alice", Self.full)], into: directory)
        #expect(throws: MergeError.self) { try directory.remove(["alice", "a.liddell"]) }
        #expect(try directory.all().count == 1)
        try directory.remove(["Alice"])
        for text in ["alice", "a.liddell", "+15550100"] {
            #expect(try await find(text, in: directory) == nil)
        }
        // The names are free again.
        try merge([("a.liddell", [.did: "+15550100"])], into: directory)
    }

    @Test func saysWhyAFileCannotBeOpened() throws {
        try Data("these are not the tables you are looking for".utf8).write(
            to: URL(fileURLWithPath: path))
        #expect(throws: DirectoryError.damaged(store: path, reason: "file is not a database")) {
            try SQLiteDirectory(path: path)
        }
        // A file is no folder to make one in.
        let nowhere = path + "/users.sqlite"
        let error = DirectoryError.unavailable(
            store: nowhere, reason: "Not a directory; see directory.sqlite in the configuration")
        #expect(throws: error) { try SQLiteDirectory(path: nowhere) }
        let missing = folder.file("missing/users.sqlite")
        #expect(throws: DirectoryError.self) { try SQLiteDirectory(path: missing, makes: false) }
        #expect(!FileManager.default.fileExists(atPath: folder.file("missing")))
    }
}
