import SIP
import Testing
import Voicemail

@Suite struct DigitBodyTests {
    private func info(_ type: String, _ body: String) throws -> Request {
        let text = [
            "INFO sip:vm@192.0.2.10 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKi",
            "From: <sip:bob@pbx.test>;tag=1", "To: <sip:vm@pbx.test>;tag=2", "CSeq: 2 INFO",
            "Call-ID: i@192.0.2.1", "Content-Type: \(type)", "Content-Length: \(body.utf8.count)",
            "", body,
        ].joined(separator: "\r\n")
        let message = try Message(parsing: Array(text.utf8))
        guard case .request(let request) = message else { throw NotARequest() }
        return request
    }

    private struct NotARequest: Error {}

    @Test(arguments: [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", "Signal= #\r\nDuration= 250\r\n", "#"),
        ("application/dtmf-relay", "signal=*\nduration=100", "*"),
        ("Application/DTMF-Relay", "Signal=11\r\n", "#"),
        ("application/dtmf", "7", "7"),
        ("application/dtmf", " 0\r\n", "0"),
        ("application/dtmf-relay", "Duration=160\r\n", nil),
        ("application/dtmf-relay", "Signal=57\r\n", nil),
        ("application/dtmf", "", nil),
        ("text/plain", "5", nil),
    ])
    func theKey(type: String, body: String, key: Character?) throws {
        #expect(DigitBody.key(in: try info(type, body)) == key)
    }
}
