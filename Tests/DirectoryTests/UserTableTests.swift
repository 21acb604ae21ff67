import Directory
import Primitives
import Testing

@Suite struct UserTableTests {
    private static func users() -> [User] {
        let mailbox = VoicemailProfile(
            isOn: false, greeting: .spoken, format: .g711, attachment: .neither,
            maximumLength: .milliseconds(1500), mailboxServer: "vm.example.com:5062",
            shortAddresses: ["a@example.net", "b@example.net"],
            webhook: "https://example.com/?a=b,c", sendsMissedCallMail: false)
        return [
            User(name: "201"),
            User(
                name: "Zoë", aliases: ["z", "*21#"], numbers: ["+1 (555) 0100", "555-0101"],
                credentials: StoredCredentials(
                    user: "Zoë", realm: "example.com", password: "p,\"w"),
                displayName: "Müller, \"Zed\" Zoë", mailAddresses: ["zoë@exämple.com"],
                language: "de", timeZone: "Europe/Berlin", musicClass: "jazz",
                voicemail: mailbox),
        ]
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let folder = try TemporaryFolder()
        let directory = try SQLiteDirectory(path: folder.file("users.sqlite"))
        let text = UserTable.written(Self.users())
        let (edits, faults) = UserTable.read(Array(text.utf8))
        #expect(faults.isEmpty)
        for mode in [MergeMode.add, .update, .replace] {
            _ = try directory.merge(edits, mode, domain: "other.example")
            #expect(try directory.all() == Self.users())
            #expect(UserTable.written(try directory.all()) == text)
        }
    }

    @Test func namesEveryFaultOfForm() {
        let text = "user,music\nalice,jazz\nbob\ncarol,\"rock\ndave,\n"
        let (edits, faults) = UserTable.read(Array(text.utf8))
        #expect(edits == [UserEdit(name: "alice", values: [.music: "jazz"], line: 2)])
        #expect(faults.map(\.line) == [3, 4])
        #expect(
            faults.map(\.fault.what) == [
                "1 fields where the head names 2", "a quote is not closed",
            ])
    }

    @Test(arguments: [
        ("", "the file is empty"), ("name,music\n", "column 'name' is unknown"),
        ("user;music\n", "the columns are not separated by commas"),
        ("music\n", "there is no column 'user'"),
        ("user,USER\n", "column 'user' stands there twice"),
        ("user,\"music\n", "a quote is not closed"),
    ])
    func namesAFaultyHead(_ text: String, _ what: String) {
        let (edits, faults) = UserTable.read(Array(text.utf8))
        #expect(edits.isEmpty)
        #expect(faults.map(\.fault.what) == [what])
        #expect(faults.map(\.line) == [1])
    }

    @Test func namesUTF16() {
        let (_, faults) = UserTable.read([0xff, 0xfe, 0x75, 0x00])
        #expect(faults.map(\.fault.what) == ["the file is in UTF-16"])
    }

    /// A password is not trimmed, all else is.
    @Test func trimsWhatPeopleAlign() throws {
        let folder = try TemporaryFolder()
        let directory = try SQLiteDirectory(path: folder.file("users.sqlite"))
        let (edits, _) = UserTable.read(Array("user , email,password\n alice , a@b.c , pw \n".utf8))
        _ = try directory.merge(edits, .add, domain: "example.com")
        #expect(
            try directory.all() == [
                User(
                    name: "alice",
                    credentials: StoredCredentials(
                        user: "alice", realm: "example.com", password: " pw "),
                    mailAddresses: ["a@b.c"])
            ])
    }
}
