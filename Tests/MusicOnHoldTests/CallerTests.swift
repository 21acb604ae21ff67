import MusicOnHold
import SIP
import Testing

@Suite struct CallerTests {
    private func caller(_ uri: String = "sip:moh@pbx.test", _ lines: String...) throws -> Caller {
        let text =
            ([
                "INVITE \(uri) SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKc",
                "CSeq: 1 INVITE",
                "Call-ID: c@192.0.2.1",
            ] + lines + ["", ""]).joined(separator: "\r\n")
        guard case .request(let request) = try Message(parsing: Array(text.utf8)) else {
            throw NotARequest()
        }
        return Caller(request)
    }

    private struct NotARequest: Error {}

    @Test func theUserIsWhoCalls() throws {
        let caller = try caller(
            "sip:moh@pbx.test", "From: \"A\" <sip:alice@pbx.test>;tag=1", "To: <sip:moh@pbx.test>")
        #expect(caller.user == "alice")
        #expect(caller.called == nil)
        #expect(caller.key == "sip:alice@pbx.test")
    }

    @Test(
        arguments: [
            ("sip:moh@pbx.test;target=sip:+1-555-0100%40pbx.test", [], "+15550100"),
            ("sip:moh@pbx.test", ["Diversion: <sip:201@pbx.test>, <tel:+1-555-0143>"], "+15550143"),
            (
                "sip:moh@pbx.test",
                ["History-Info: <sip:0142@pbx.test>;index=1, <sip:moh@pbx.test>;index=1.1"], "0142"
            ),
            ("sip:moh@pbx.test", ["To: <sip:+15550144@pbx.test>"], "+15550144"),
            ("sip:moh@pbx.test", ["To: <sip:moh-jazz@pbx.test>"], nil),
        ] as [(String, [String], String?)])
    func theCalledNumber(uri: String, lines: [String], number: String?) throws {
        let head = ["From: <sip:alice@pbx.test>;tag=1"]
        let to = lines.contains { $0.hasPrefix("To:") } ? [] : ["To: <sip:moh@pbx.test>"]
        let all = head + to + lines
        let caller = try caller(uri, all.joined(separator: "\r\n"))
        #expect(caller.called == number)
    }

    @Test func theSessionIdentifierIsTheSameFromBothSides() throws {
        let a = "ab30317f1a784dc48ff824d0d3715d86"
        let b = "47755a9de7794ba387653f2099600ef2"
        let one = try caller(
            "sip:moh@pbx.test", "From: <sip:alice@pbx.test>;tag=1", "Session-ID: \(a);remote=\(b)")
        let other = try caller(
            "sip:moh@pbx.test", "From: <sip:bob@pbx.test>;tag=2", "Session-ID: \(b);remote=\(a)")
        #expect(one.key == other.key)
        #expect(one.key.contains(a))
    }

    @Test func nothingAtAllIsNoCrash() throws {
        let caller = try caller()
        #expect(caller == Caller(user: nil, called: nil, key: ""))
    }
}
