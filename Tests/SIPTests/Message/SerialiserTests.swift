import Primitives
import SIP
import Testing

@Suite struct SerialiserTests {
    /// What isn't touched goes on as it came, whatever it is.
    @Test(arguments: Vector.all("rfc4475") + Vector.all("rfc5118"))
    func keepsEveryOctet(_ vector: Vector) throws {
        let octets = try vector.octets
        guard let message = try? Message(parsing: octets) else { return }
        let fault =
            switch message {
            case .request(let request): request.fault
            case .response(let response): response.fault
            }
        guard fault == nil, message.headers.contains(.contentLength) else { return }
        let out = message.serialised()
        if vector.name == "baddn" {
            // The empty line that was missing is there.
            #expect(out == octets + [13, 10])
        } else {
            #expect(out == Array(octets[..<out.count]))
        }
    }

    @Test func keepsUnknownFieldsAroundAChange() throws {
        var request = try request(
            """
            OPTIONS sip:a@example.com SIP/2.0
            x-ODD  :   spaces   kept\u{20}
            v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa, SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb
            X-Folded: one
              two
            Max-Forwards: 70
            Content-Length: 2

            hi
            """)
        request.headers.set(.maxForwards, 69)
        var via = try request.headers.topVia()
        via.received = IPAddress("198.51.100.1")
        request.headers.replaceFirstElement(of: .via, with: via)
        #expect(
            text(request.serialised())
                == text(
                    octets(
                        """
                        OPTIONS sip:a@example.com SIP/2.0
                        x-ODD  :   spaces   kept\u{20}
                        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;received=198.51.100.1, SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb
                        X-Folded: one
                          two
                        Max-Forwards: 69
                        Content-Length: 2

                        hi
                        """)))
        request.headers.removeFirstElement(of: .via)
        #expect(request.headers[first: .via] == "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb")
        request.headers.removeFirstElement(of: .via)
        #expect(!request.headers.contains(.via))
    }

    @Test func writesItsOwn() throws {
        var request = Request(
            method: .invite, requestURI: URI(user: "moh", host: "pbx.example.com"),
            body: Array("v=0\r\n".utf8))
        request.headers.append(
            .to, NameAddress(displayName: "Zoë \"Z\"", URI(user: "a b", host: "::1", port: 5070)))
        request.headers.append("X-Evil", "a\r\nInjected: yes\0")
        request.headers.insertFirst(.via, Via(transport: "UDP", host: "192.0.2.1", port: 5060))
        request.headers.set(.contentLength, 99)
        #expect(
            text(request.serialised())
                == text(
                    octets(
                        """
                        INVITE sip:moh@pbx.example.com SIP/2.0
                        Via: SIP/2.0/UDP 192.0.2.1:5060
                        To: "Zoë \\"Z\\"" <sip:a%20b@[::1]:5070>
                        X-Evil: a  Injected: yes\u{20}
                        Content-Length: 5

                        v=0

                        """)))
    }

    @Test func changesNeedNoOtherCare() throws {
        var request = try options("Content-Type: text/plain")
        // Fields of another message, or none, in the place of a message's own.
        var other = request
        other.headers = Headers()
        #expect(
            text(other.serialised())
                == "OPTIONS sip:201@pbx.example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n")
        other.headers = try options("X-Other: field").headers
        #expect(text(other.serialised()).contains("X-Other: field\r\n"))
        request.body = Array("hello".utf8)
        #expect(text(request.serialised()).hasSuffix("Content-Length: 5\r\n\r\nhello"))
        request.body = []
        request.method = .message
        request.requestURI = try #require(URI("tel:+15550142"))
        #expect(text(request.serialised()).hasPrefix("MESSAGE tel:+15550142 SIP/2.0\r\nVia"))
        #expect(text(request.serialised()).hasSuffix("Content-Length: 0\r\n\r\n"))
    }

    @Test func bareLineFeedsBecomeLineEnds() throws {
        let message = try Message(
            parsing: Array("OPTIONS sip:a@example.com SIP/2.0\nCall-ID: x\nX: a\n b\n\nbody".utf8))
        #expect(
            text(message.serialised())
                == "OPTIONS sip:a@example.com SIP/2.0\r\nCall-ID: x\r\nX: a b\r\nContent-Length: 4\r\n\r\nbody"
        )
    }

    @Test func responsesCopyWhatTheRFCSays() throws {
        let request = try request(
            """
            INVITE sip:moh@pbx.example.com SIP/2.0
            Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>
            v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;x="a, b"
            Via: SIP / 2.0 / UDP [2001:DB8::21]:5062;received=[2001:db8::99]
            f: "Ana
             Ortiz" <sip:201@pbx.example.com>;tag=9
            To: sip:moh@pbx.example.com
            i: 7
            CSeq: 0009 INVITE
            Timestamp: 54
            Subject: not copied
            l: 0


            """)
        #expect(
            text(request.response(.ok, toTag: "t1").serialised())
                == text(
                    octets(
                        """
                        SIP/2.0 200 OK
                        Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>
                        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;x="a, b"
                        Via: SIP / 2.0 / UDP [2001:DB8::21]:5062;received=[2001:db8::99]
                        From: "Ana Ortiz" <sip:201@pbx.example.com>;tag=9
                        To: sip:moh@pbx.example.com;tag=t1
                        Call-ID: 7
                        CSeq: 0009 INVITE
                        Content-Length: 0


                        """)))
        let trying = request.response(.trying, toTag: "t1")
        #expect(try trying.headers.to.tag == nil)
        #expect(trying.headers[first: .timestamp] == "54")
        #expect(!trying.headers.contains(.recordRoute))
        #expect(!request.response(.notFound, toTag: "x").headers.contains(.recordRoute))
        var withTag = request
        withTag.headers.set(.to, "<sip:moh@pbx.example.com>;tag=there")
        #expect(try withTag.response(.ok, toTag: "other").headers.to.tag == "there")
        let rejection = Rejection(.badExtension, headers: [.init(.unsupported, "nothing")])
        #expect(request.response(rejection, toTag: "x").headers[first: .unsupported] == "nothing")
    }

    @Test func nothingOfOursIsFolded() throws {
        let request = try request(
            "OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/UDP a\n ;branch=z9hG4bKg16\n\t;rport\nFrom: <sip:a@b>\n ;tag=1\n\n"
        )
        #expect(!text(request.response(.ok).serialised()).contains("\r\n "))
        #expect(!text(request.response(.ok).serialised()).contains("\r\n\t"))
    }
}
