import Directory
import GRDB
import Primitives
import Testing

/// Files that other versions of the program have written.
@Suite struct DirectorySchemaTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("users.sqlite")
    }

    /// Word for word what the first version made, with a user in it: it has to be readable for ever.
    private static let first = """
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1-users');
        CREATE TABLE user (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            aliases TEXT NOT NULL,
            numbers TEXT NOT NULL,
            realm TEXT,
            ha1_md5 TEXT,
            ha1_sha256 TEXT,
            display_name TEXT,
            mail_addresses TEXT NOT NULL,
            language TEXT,
            time_zone TEXT,
            music_class TEXT,
            voicemail INTEGER NOT NULL,
            greeting TEXT NOT NULL,
            format TEXT,
            attachment TEXT NOT NULL,
            maximum_length INTEGER,
            mailbox_server TEXT,
            short_addresses TEXT NOT NULL,
            webhook TEXT,
            missed_call_mail INTEGER
        ) STRICT;
        CREATE TABLE identity (
            key TEXT PRIMARY KEY,
            user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX identity_user ON identity (user);
        INSERT INTO user VALUES (
            7, 'alice', '["al"]', '["+15550100"]', 'example.com', NULL, 'ab', 'Alice',
            '["alice@example.com"]', 'de', 'Europe/Berlin', 'jazz', 1, 'own', 'opus', 'both', 90000,
            NULL, '[]', NULL, 0);
        INSERT INTO identity VALUES ('alice', 7), ('al', 7), ('+15550100', 7), ('15550100', 7);
        """

    private func write(_ sql: String) throws {
        let database = try DatabaseQueue(path: path)
        try database.write { database in try database.execute(sql: sql) }
        try database.close()
    }

    private func found(_ text: String) async throws -> User? {
        let key = try #require(UserKey(text))
        return try await SQLiteDirectory(path: path).user(key)
    }

    @Test func readsTheFirstVersion() async throws {
        try write(Self.first)
        let mailbox = VoicemailProfile(
            format: .opus, attachment: .both, maximumLength: .seconds(90),
            sendsMissedCallMail: false)
        let alice = User(
            name: "alice", aliases: ["al"], numbers: ["+15550100"],
            credentials: StoredCredentials(realm: "example.com", md5: nil, sha256: "ab"),
            displayName: "Alice", mailAddresses: ["alice@example.com"], language: "de",
            timeZone: "Europe/Berlin", musicClass: "jazz", voicemail: mailbox)
        #expect(try await found("0015550100") == alice)
        #expect(try await found("AL") == alice)
    }

    /// Lists are read without a JSON decoder where they are as we write them.
    @Test(arguments: [
        (#"[]"#, []), (#"[ ]"#, []), (#"[""]"#, [""]), (#"["",""]"#, ["", ""]),
        (#"["a,b","ü","c"]"#, ["a,b", "ü", "c"]), (#"[ "a", "b" ]"#, ["a", "b"]),
        (#"["a\"b\\","\u00fc"]"#, [#"a"b\"#, "ü"]),
    ])
    func readsListsHoweverTheyAreWritten(_ text: String, _ list: [String]) async throws {
        try write(Self.first + "UPDATE user SET aliases = '\(text)';")
        #expect(try await found("alice")?.aliases == list)
    }

    @Test func leavesAlaterVersionAlone() throws {
        try write(Self.first + "INSERT INTO grdb_migrations VALUES ('9-of-another-time');")
        #expect(throws: DirectoryError.tooNew(store: path)) { try SQLiteDirectory(path: path) }
    }

    @Test(arguments: [
        ("greeting = 'shouted'", "the column greeting of table user holds 'shouted'"),
        ("numbers = '[1'", "the column numbers of table user holds '[1'"),
        (#"aliases = '["a" "b"]'"#, #"the column aliases of table user holds '["a" "b"]'"#),
        (#"aliases = '["a","b","]'"#, #"the column aliases of table user holds '["a","b","]'"#),
        (#"aliases = '["]'"#, #"the column aliases of table user holds '["]'"#),
    ])
    func namesADamagedRow(_ change: String, _ reason: String) async throws {
        try write(Self.first + "UPDATE user SET \(change);")
        await #expect(throws: DirectoryError.damaged(store: path, reason: reason)) {
            try await found("alice")
        }
    }
}
