import SIP
import Testing

@Suite struct HeaderNameTests {
    @Test func everyNameIsFoundInAnyCase() {
        for known in KnownHeader.allCases where known != .other {
            for spelling in [known.text, known.text.lowercased(), known.text.uppercased()] {
                #expect(HeaderName(spelling).known == known, "\(spelling)")
            }
            #expect(HeaderName(known.text + "x").known != known)
        }
    }

    @Test(
        arguments: [
            ("a", .acceptContact), ("b", .referredBy), ("c", .contentType),
            ("d", .requestDisposition),
            ("e", .contentEncoding), ("f", .from), ("i", .callID), ("j", .rejectContact),
            ("k", .supported),
            ("l", .contentLength), ("m", .contact), ("o", .event), ("r", .referTo), ("s", .subject),
            ("t", .to), ("u", .allowEvents), ("v", .via), ("x", .sessionExpires), ("y", .identity),
        ] as [(String, HeaderName)])
    func compactFormsAreTheSame(compact: String, name: HeaderName) throws {
        #expect(HeaderName(compact) == name)
        #expect(HeaderName(compact.uppercased()) == name)
        let headers = try request("OPTIONS sip:a@b SIP/2.0\n\(compact) : value\n\n").headers
        #expect(headers[first: name] == "value")
    }

    @Test func othersCompareBySpelling() {
        #expect(HeaderName("X-Thing") == "x-THING")
        #expect(Set<HeaderName>(["X-Thing", "x-thing", "X-Other"]).count == 2)
        #expect(HeaderName("X-Thing").text == "X-Thing")
        #expect(HeaderName("z").known == .other)
        #expect(HeaderName("").known == .other)
    }

    /// Octets that become those of a name when bit 5 is set are no name.
    @Test(arguments: ["call\rid", "CALL\u{0d}ID", "Max\u{0d}Forwards", "To\u{0}", "\u{14}\u{0f}"])
    func controlsMakeNoName(name: String) throws {
        #expect(HeaderName(name).known == .other)
        let message = try Message(
            parsing: Array("OPTIONS sip:a@b SIP/2.0\r\n\(name): x\r\n\r\n".utf8))
        #expect(message.headers.count == 0)
    }
}
