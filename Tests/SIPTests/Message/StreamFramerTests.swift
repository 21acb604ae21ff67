import SIP
import Testing

@Suite struct StreamFramerTests {
    /// What comes out when these reads come in, a message as its first line and its body.
    private func events(_ reads: [String], limits: MessageLimits = .default) -> [String] {
        var framer = StreamFramer(limits: limits)
        var events: [String] = []
        for read in reads {
            framer.append(Array(read.utf8))
            reading: while true {
                switch framer.next() {
                case .message(let octets):
                    let all = text(octets)
                    events.append(String(all.prefix { $0 != "\r\n" && $0 != "\n" }))
                case .ping: events.append("ping")
                case .needMore: break reading
                case .broken(let fault):
                    events.append("broken: \(fault)")
                    break reading
                }
            }
        }
        return events
    }

    private static func options(_ id: Int, length: String? = "0", body: String = "") -> String {
        "OPTIONS sip:\(id)@example.com SIP/2.0\r\nCall-ID: \(id)\r\n"
            + (length.map { "Content-Length: \($0)\r\n" } ?? "") + "\r\n" + body
    }
    private let first = "OPTIONS sip:1@example.com SIP/2.0"
    private let second = "OPTIONS sip:2@example.com SIP/2.0"

    @Test func cutsMessages() {
        #expect(events([Self.options(1) + Self.options(2)]) == [first, second])
        let body = "a\r\n\r\n\r\nb"
        // No pong for line ends within a body (G15).
        #expect(
            events([Self.options(1, length: "8", body: body) + Self.options(2)]) == [first, second])
    }

    /// A request without Content-Length isn't waited for (G14).
    @Test func takesNoLengthForNone() {
        #expect(
            events([Self.options(1, length: nil) + Self.options(2, length: nil)]) == [
                first, second,
            ])
    }

    @Test func cutsAnyWay() {
        let all =
            Self.options(1, length: "8", body: "a\r\n\r\n\r\nb") + "\r\n\r\n\r\n" + Self.options(2)
        let expected = [first, "ping", second]
        #expect(events([all]) == expected)
        let octets = Array(all.unicodeScalars)
        for cut in 0...octets.count {
            var (a, b) = ("", "")
            a.unicodeScalars.append(contentsOf: octets[..<cut])
            b.unicodeScalars.append(contentsOf: octets[cut...])
            #expect(events([a, b]) == expected, "cut at \(cut)")
        }
        #expect(events(octets.map { String($0) }) == expected)
    }

    @Test(arguments: [
        (["\r\n\r\n"], 1), (["\r\n", "\r\n"], 1), (["\r", "\n\r\n"], 1), (["\r\n\r", "\n"], 1),
        (["\r\n"], 0), (["\r\n\r\n\r\n\r\n"], 2), (["\n\n"], 0),
    ])
    func findsPings(reads: [String], count: Int) {
        #expect(events(reads) == Array(repeating: "ping", count: count))
        // What follows is read all the same.
        #expect(events(reads + [Self.options(1)]).last == first)
    }

    @Test func lineEndInFrontOfAMessageIsNoPing() {
        #expect(events(["\r\n" + Self.options(1)]) == [first])
        #expect(events(["\r\n", Self.options(1) + "\r\n", Self.options(2)]) == [first, second])
    }

    @Test(arguments: [
        (Self.options(1, length: "-1"), "Content-Length is no number, or two differ"),
        (Self.options(1, length: "x"), "Content-Length is no number, or two differ"),
        (Self.options(1, length: "1\r\nl: 2"), "Content-Length is no number, or two differ"),
        (Self.options(1, length: "65536"), "body longer than the limit"),
        (Self.options(1, length: "65530"), "body longer than the limit"),
        (Self.options(1, length: "18446744073709551615"), "body longer than the limit"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "no SIP message"),
        ("\u{16}\u{3}\u{1}", "no SIP message"),
        ("\rOPTIONS", "no SIP message"), ("{\"a\": 1}", "no SIP message"),
        (
            "OPTIONS sip:a SIP/2.0\r\nX: " + String(repeating: "x", count: 70_000),
            "header longer than the limit"
        ),
        (String(repeating: "A: b\r\n", count: 20_000), "header longer than the limit"),
        (
            "OPTIONS sip:a SIP/2.0\r\n" + String(repeating: "A: b\r\n", count: 300) + "\r\n",
            "no SIP message"
        ),
    ])
    func closesABrokenFrame(text: String, reason: String) {
        #expect(events([text, Self.options(1)]) == ["broken: \(reason)", "broken: \(reason)"])
        #expect(events([Self.options(1) + text]) == [first, "broken: \(reason)"])
    }

    @Test func twoEqualLengthsAreOne() {
        #expect(events([Self.options(1, length: "0\r\nl: 0")]) == [first])
    }

    /// A message that trickles in is searched once, not from its start at every read.
    @Test func slowMessagesCostNoMore() {
        var framer = StreamFramer()
        let message = Array(
            Self.options(1, length: "60000", body: String(repeating: "b", count: 60_000)).utf8)
        var found = 0
        for octet in message {
            framer.append([octet])
            if case .message(let whole) = framer.next() {
                found += 1
                #expect(whole == message)
            }
        }
        #expect(found == 1)
        #expect(framer.pending == 0)
    }
}
