import Appliance
import Foundation
import Primitives
import Testing

@Suite struct MailConfigurationTests {
    typealias Relay = Configuration.Mail.Relay

    private func relays(_ text: String) throws -> [Relay] {
        try Configuration(text: "mail: {relays: \(text)}", file: "F").mail.relays
    }

    @Test(arguments: [
        ("smtp://mail.example.com", Relay.Scheme.smtp, "mail.example.com", 25),
        ("smtp://mail.example.com:587", .smtp, "mail.example.com", 587),
        ("smtps://mail.example.com", .smtps, "mail.example.com", 465),
        ("lmtp://127.0.0.1", .lmtp, "127.0.0.1", 24),
        ("smtp://[2001:db8::1]", .smtp, "2001:db8::1", 25),
        ("smtp://[2001:db8::1]:2525", .smtp, "2001:db8::1", 2525),
    ]) func aRelayIsAServer(_ url: String, _ scheme: Relay.Scheme, _ host: String, _ port: UInt16)
        throws
    {
        let relay = try #require(try relays("[{url: '\(url)'}]").first)
        #expect(relay.scheme == scheme && relay.host == host && relay.port == port)
        #expect(relay.tls == (scheme == .smtps ? .required : .optional))
    }

    @Test(arguments: [
        "http://mail.example.com", "mail.example.com", "smtp://", "smtp://a b", "smtp://h:0",
        "smtp://h:70000", "smtp://h:25:25", "smtp://user@h", "smtp://h/path", "smtp://[::1",
    ]) func whatIsNoServerIsAFault(_ url: String) {
        let found = faults("mail: {relays: [{url: '\(url)'}]}")
        #expect(found.count == 1 && found[0].hasPrefix("F:1:23: mail.relays.url '\(url)' is not"))
    }

    @Test func theLowestPriorityIsFirstAndEqualOnesStayInOrder() throws {
        let text = """
            [{url: 'smtp://c', priority: 20}, {url: 'smtp://a'}, {url: 'smtp://b'},
             {url: 'smtp://first', priority: 0}]
            """
        #expect(try relays(text).map(\.host) == ["first", "a", "b", "c"])
    }

    @Test(arguments: [
        ("{tls: required}", "F:1:17: mail.relays has no url; "),
        ("{url: 'smtps://h', tls: never}", "F:1:41: smtps is always encrypted; "),
        ("{url: 'smtp://h', user: u}", "F:1:41: mail.relays.user has no secret; "),
        (
            "{url: 'smtp://h', token-command: c}",
            "F:1:50: mail.relays.token-command stands without a user; "
        ),
        ("{url: 'smtp://h', auth: login}", "F:1:41: mail.relays.auth stands without a user; "),
        (
            "{url: 'smtp://h', user: u, token-command: c, auth: plain}",
            "F:1:68: this way of authentication takes a password, not a token; "
        ),
        (
            "{url: 'smtp://h', user: u, token-command: c, auth: none}",
            "F:1:68: 'none' stands beside a user; "
        ),
        (
            "{url: 'smtp://h', user: u, password-file: /nonexistent/f}",
            "F:1:59: mail.relays.password-file '/nonexistent/f' can't be read: No such file"
        ),
        (
            "{url: 'smtp://h', password: secret}",
            "F:1:35: key 'mail.relays.password' is unknown; the nearest known key is 'password-file'"
        ),
    ]) func credentialsFitTogether(_ relay: String, _ fault: String) {
        let found = faults("mail: {relays: [\(relay)]}")
        #expect(found.count == 1 && found[0].hasPrefix(fault), "\(found)")
    }

    @Test func aSecretComesFromAFileThatOnlyItsOwnerReads() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: file) }
        func relay(_ tls: String) -> String {
            """
            mail:
              from: voicemail@example.org
              relays:
                - url: smtp://mail.example.org
                  user: u
                  password-file: \(file)
                  tls: \(tls)
            """
        }
        #expect(
            FileManager.default.createFile(
                atPath: file, contents: Data(), attributes: [.posixPermissions: 0o600]))
        #expect(
            faults(relay("required")).map { $0.contains("is 0 octets long") } == [true])
        try Data("secret".utf8).write(to: URL(filePath: file))
        #expect(try warnings(relay("required")) == [])
        #expect(
            try warnings(relay("never")) == [
                "F:7:12: warning: the secret of smtp://mail.example.org:25 crosses the network in"
                    + " clear; write tls: required"
            ])
        #expect(
            faults(relay("optional")) == [
                "F:7:12: mail.relays.tls 'optional' stands beside a user, whose secret would go to"
                    + " whoever takes STARTTLS away; write tls: required, which is what is done"
                    + " without tls"
            ])
        let bare = relay("never").replacing("      tls: never", with: "")
        #expect(try Configuration(text: bare, file: "F").mail.relays.first?.tls == .required)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        #expect(
            try warnings(relay("required")) == [
                "F:6:22: warning: mail.relays.password-file '\(file)' can be read by everybody on"
                    + " this host; chmod o= '\(file)'"
            ])
    }

    @Test func mailGoesToFilesWhereThereIsNoRelay() throws {
        func maildir(_ text: String) throws -> String? {
            try Configuration(text: text, file: "F").mail.maildir
        }
        #expect(try maildir("") == "var/mail")
        #expect(try maildir("mail: {maildir: null}") == "var/mail")
        #expect(try maildir("mail: {maildir: /srv/mail}") == "/srv/mail")
        #expect(try maildir("mail: {relays: [{url: 'smtp://h'}]}") == nil)
    }

    @Test func thePostmasterIsWhereTheSenderIs() throws {
        let mail = try Configuration(text: "mail: {from: v@example.org}", file: "F").mail
        #expect(mail.postmaster == "postmaster@example.org")
    }

    @Test func theSendersDomainBecomesASCII() throws {
        let mail = try Configuration(text: "mail: {from: v@bücher.example}", file: "F").mail
        #expect(mail.from == "v@xn--bcher-kva.example")
        #expect(mail.postmaster == "postmaster@xn--bcher-kva.example")
    }

    @Test(arguments: [
        "voicemail", "@example.com", "a@", "a@b@c", "a b@example.com", "A <a@example.com>",
        "a@☃.example",
    ]) func whatIsNoMailAddressIsAFault(_ address: String) {
        let found = faults("mail:\n  from: '\(address)'")
        #expect(found.count == 1 && found[0].hasPrefix("F:2:9: mail.from"), "\(found)")
    }

    @Test func theTraceHasASize() throws {
        func size(_ text: String) throws -> Int {
            try Configuration(text: text, file: "F").mail.maximumTraceSize
        }
        #expect(try size("") == 1 << 30)
        #expect(try size("mail: {trace-size: 20M}") == 20 << 20)
        for text in ["1k", "-1", "all", "1T"] {
            let found = faults("mail:\n  trace-size: \(text)")
            #expect(
                found.count == 1
                    && found[0].hasPrefix("F:2:15: mail.trace-size '\(text)' is not a size"))
        }
    }

    @Test func retriesGrow() {
        #expect(
            faults("mail: {retry: {first: 2h}}").map { $0.contains("maximum is below") } == [true])
    }
}
