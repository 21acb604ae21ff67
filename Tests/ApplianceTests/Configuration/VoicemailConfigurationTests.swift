import Appliance
import Foundation
import Primitives
import Spool
import Testing

@Suite struct VoicemailConfigurationTests {
    private func voicemail(_ text: String) throws -> Configuration.Voicemail {
        try Configuration(text: text, file: "F").voicemail
    }

    @Test func keysHaveUnits() throws {
        let voicemail = try voicemail(
            """
            voicemail:
              max-length: 5m
              reserve: 2G
              keep-discarded: 36h
              full-response: 486
              history-entry: last
              operator: sip:reception@example.com
              language: de-AT
            """)
        #expect(voicemail.maximumLength == .seconds(300))
        #expect(voicemail.reserve == 2 << 30)
        #expect(voicemail.keepsDiscardedFor == .seconds(36 * 3600))
        #expect(voicemail.fullResponse == 486)
        #expect(voicemail.historyEntry == .last)
        #expect(voicemail.operator == "sip:reception@example.com")
        #expect(voicemail.language == "de-AT")
    }

    @Test(arguments: [
        ("max-length: 180", "F:2:15: voicemail.max-length '180' is not a duration from 1s to 2h"),
        ("max-length: 3h", "F:2:15: voicemail.max-length '3h' is not a duration from 1s to 2h"),
        ("{min-length: 10s, max-length: 5s}", "F:2:16: voicemail.min-length is not below"),
        ("reserve: 500MB", "F:2:12: voicemail.reserve '500MB' is not a size"),
        ("full-response: 404", "F:2:18: voicemail.full-response '404' is not one of 480, 486"),
        ("operator: reception", "F:2:13: voicemail.operator 'reception' is not a SIP address"),
        ("operator: sip:example.com", "F:2:13: voicemail.operator"),
        ("language: english", "F:2:13: voicemail.language 'english' is not a language"),
        (
            "max-lenght: 5s",
            "F:2:3: key 'voicemail.max-lenght' is unknown; the nearest known key is 'max-length'"
        ),
        ("link: {key-file: /dev/zero}", "F:2:9: voicemail.link has no base-url; "),
        ("link: {base-url: ftp://h, key-file: /dev/zero}", "F:2:20: voicemail.link.base-url"),
        ("link: {base-url: 'https://h', listen: here}", "F:2:41: voicemail.link.listen 'here' is"),
        ("link: {base-url: 'https://h', key-file: /nowhere}", "F:2:43: voicemail.link.key-file"),
        (
            "link: {base-url: 'https://h', listen: '127.0.0.1:8080'}",
            "F:2:41: voicemail.link.listen 127.0.0.1:8080 is"
        ),
        ("attachment: link", "F:2:15: voicemail.attachment wants links, and there is no"),
        ("attachment: linked", "F:2:15: voicemail.attachment 'linked' is not one of"),
        ("transcribe-at-once: 0", "F:2:23: voicemail.transcribe-at-once '0' is not"),
    ]) func faultsSayWhere(_ line: String, _ fault: String) {
        let found = faults("voicemail:\n  \(line)")
        #expect(found.count == 1 && found[0].hasPrefix(fault), "\(found)")
    }

    @Test func promptsComeWithTheMusic() throws {
        let voicemail = try voicemail("media: {directory: /srv/music}")
        #expect(voicemail.prompts == "/srv/music/prompts")
        #expect(voicemail.greetings == "/srv/music/greetings")
    }

    @Test func linksNeedAnAddressAlone() throws {
        let voicemail = try voicemail(
            "voicemail: {attachment: both, link: {base-url: 'https://h', listen: off}}")
        #expect(voicemail.attachment == .both)
        #expect(voicemail.link?.keyFile == nil && voicemail.link?.listen == nil)
    }

    @Test func aLinkHasOneSlash() throws {
        let link = try voicemail(
            "voicemail: {link: {base-url: 'https://h/vm/', key-file: /dev/zero}}"
        ).link
        #expect(link?.baseURL == "https://h/vm" && link?.expiry == .seconds(14 * 86_400))
    }
}
