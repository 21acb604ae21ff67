import SIP
import Spool
import Testing
import Voicemail

@Suite struct MailboxRequestTests {
    private func request(_ uri: String, _ lines: [String]) throws -> Request {
        var all = [
            "INVITE \(uri) SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKc",
            "CSeq: 1 INVITE", "Call-ID: c@192.0.2.1", "To: <sip:x@pbx.test>",
        ]
        if !lines.contains(where: { $0.hasPrefix("From:") }) {
            all.append("From: <sip:bob@pbx.test>;tag=1")
        }
        let text = (all + lines + ["", ""]).joined(separator: "\r\n")
        let message = try Message(parsing: Array(text.utf8))
        guard case .request(let request) = message else { throw NotARequest() }
        return request
    }

    private struct NotARequest: Error {}

    struct Case: Sendable, CustomTestStringConvertible {
        var uri: String
        var lines: [String] = []
        var entry = MailboxRequest.HistoryEntry.last
        var candidates: [String]
        var reason: Envelope.Reason
        var called: String
        var testDescription: String { "\(uri) \(lines.joined(separator: " "))" }
    }

    /// From case G20.
    static let g20 = [
        "Diversion: \"Front desk, 2nd floor\" <sip:201@pbx.test>;reason=no-answer;counter=1;"
            + "privacy=off, <tel:+1-555-0143>;reason=unconditional",
        "Diversion: <sip:+15550144@carrier.test;user=phone>;reason=user-busy;counter=2",
    ]

    @Test(arguments: [
        Case(uri: "sip:vm-alice@pbx.test", candidates: ["alice"], reason: .direct, called: "alice"),
        Case(
            uri: "sip:VM-%2b1-555-0100@pbx.test", candidates: ["+1-555-0100"], reason: .direct,
            called: "+1-555-0100"),
        Case(uri: "sip:alice@pbx.test", candidates: ["alice"], reason: .direct, called: "alice"),
        Case(
            uri: "sip:+1-555-0100@pbx.test;user=phone", candidates: ["+15550100"], reason: .direct,
            called: "+15550100"),
        Case(
            uri: "sip:voicemail@pbx.test;target=sip:+1-555-0100%40pbx.test;cause=486",
            candidates: ["+15550100"], reason: .busy, called: "+15550100"),
        Case(
            uri: "sip:voicemail@pbx.test;target=tel:+1-555-0100;cause=408",
            candidates: ["+15550100"], reason: .noAnswer, called: "+15550100"),
        Case(
            uri: "sip:voicemail@pbx.test", lines: g20,
            candidates: ["201", "+15550143", "+15550144"], reason: .noAnswer, called: "+15550144"),
        Case(
            uri: "sip:voicemail@pbx.test", lines: g20, entry: .first,
            candidates: ["+15550144", "+15550143", "201"], reason: .busy, called: "+15550144"),
        Case(
            uri: "sip:voicemail@pbx.test;cause=302",
            lines: [
                "History-Info: <sip:201@pbx.test>;index=1, <sip:202@pbx.test;cause=486>;index=1.1,"
                    + " <sip:voicemail@pbx.test;cause=302>;index=1.2"
            ], candidates: ["202", "201"], reason: .unconditional, called: "201"),
        Case(
            uri: "sip:voicemail@pbx.test",
            lines: [
                "History-Info: <sip:201@pbx.test?Reason=SIP%3Bcause%3D408>;index=1,"
                    + " <sip:voicemail@pbx.test>;index=2"
            ], candidates: ["201"], reason: .noAnswer, called: "201"),
        Case(uri: "sip:voicemail@pbx.test", candidates: [], reason: .direct, called: "voicemail"),
        Case(uri: "sip:vm-@pbx.test", candidates: [], reason: .direct, called: "vm-"),
        Case(uri: "sip:pbx.test", candidates: [], reason: .direct, called: ""),
    ])
    func theMailbox(_ c: Case) throws {
        let found = MailboxRequest(try request(c.uri, c.lines), entry: c.entry)
        #expect(found.candidates.map(\.name) == c.candidates)
        #expect(found.reason == c.reason)
        #expect(found.called == c.called)
    }

    @Test func theCallerOfCaseG21() throws {
        let lines = [
            "From: <tel:0142;phone-context=+1-555;ext=7>;tag=g21",
            "P-Asserted-Identity: <tel:+1-555-0142>",
            "P-Asserted-Identity: \"Ana O.\" <sip:+15550142@carrier.test>",
        ]
        let request = try request("sip:vm-201@pbx.test", lines)
        let trusted = MailboxRequest(request, trustsIdentity: true).caller
        #expect(trusted.number == "+15550142")
        #expect(trusted.displayName == "Ana O.")
        let stranger = MailboxRequest(request).caller
        #expect(stranger.number == "+15550142")
        #expect(stranger.displayName == nil)
        let second = try self.request("sip:vm-201@pbx.test", ["From: tel:+1(555)0142 ;tag=g21b"])
        #expect(MailboxRequest(second).caller.number == "+15550142")
    }

    /// RFC 3325 §6: an identity that is to be kept private does not go into a mail.
    @Test func aPrivateIdentityIsNotToldEvenWhereItIsBelieved() throws {
        let lines = [
            "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1",
            "P-Asserted-Identity: \"Ana O.\" <sip:+15550142@carrier.test>", "Privacy: critical; id",
        ]
        let caller = MailboxRequest(
            try request("sip:vm-201@pbx.test", lines), trustsIdentity: true
        ).caller
        #expect(caller.number == nil)
        #expect(caller.displayName == "Anonymous")
    }

    @Test func theRuleThatNamedTheMailboxIsTold() throws {
        func rules(_ uri: String, _ lines: [String] = []) throws -> [MailboxRequest.Rule] {
            MailboxRequest(try request(uri, lines)).candidates.map(\.rule)
        }
        #expect(try rules("sip:vm-201@pbx.test") == [.address])
        #expect(try rules("sip:voicemail@pbx.test;target=sip:201%40pbx.test") == [.target])
        #expect(try rules("sip:299@pbx.test", [Self.g20[1]]) == [.dialled, .diversion])
        let history = "History-Info: <sip:201@pbx.test>;index=1"
        #expect(try rules("sip:voicemail@pbx.test", [history]) == [.historyInfo])
    }

    @Test func anAnonymousCallerHasNoNumber() throws {
        let request = try request(
            "sip:vm-201@pbx.test",
            ["From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1"])
        #expect(MailboxRequest(request).caller.number == nil)
    }
}
